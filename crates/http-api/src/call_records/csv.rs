//! Records as lines of CSV (RFC 4180).

use super::object::CallRecordObject;
use crate::moment::Moment;
use domain::{CallRecord, csv_cell};
use std::fmt::Write;

/// The first line.
pub(super) const HEADING: &str = "id,trunk_id,credential_id,username,direction,from,to,source,destination,\
    caller_transport,callee_transport,caller_call_id,callee_call_id,begun_at,ringing_at,answered_at,ended_at,\
    duration_ms,post_dial_delay_ms,hung_up_by,reason,sip_status,q850_cause\r\n";

/// Adds a record's line. What is absent is an empty cell.
pub(super) fn add_line(lines: &mut String, record: &CallRecord) {
    let object = CallRecordObject::from(record);
    let texts = [
        Some(&*object.id),
        object.trunk_id.as_deref(),
        object.credential_id.as_deref(),
        object.username,
        Some(object.direction),
        Some(object.from),
        Some(object.to),
        Some(&*object.source),
        object.destination,
        Some(object.caller_transport),
        object.callee_transport,
        Some(object.caller_call_id),
        object.callee_call_id,
        Some(object.begun_at.as_str()),
        object.ringing_at.as_ref().map(Moment::as_str),
        object.answered_at.as_ref().map(Moment::as_str),
        Some(object.ended_at.as_str()),
    ];
    for text in texts {
        lines.push_str(&csv_cell(text.unwrap_or_default()));
        lines.push(',');
    }
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    // Writing to a String does not fail.
    let _ = write!(
        lines,
        "{},{},{},{},{},{}\r\n",
        object.duration_ms,
        number(object.post_dial_delay_ms),
        object.hung_up_by,
        object.reason,
        object.sip_status,
        number(object.q850_cause.map(u64::from)),
    );
}
