//! Where each header of a message stands.

use crate::header_name::KNOWN_COUNT;
use crate::limits::MAX_HEADERS;
use crate::{Defect, HeaderName};
use core::fmt;

/// Scratch space of one [`crate::parse`]: the spans of up to [`MAX_HEADERS`] headers, without heap.
///
/// Made once and reused; a parse overwrites only what it needs.
pub struct HeaderSpans {
    spans: [Span; MAX_HEADERS],
    count: u8,
    /// Index of the first header of each known name, [`NONE`] where there is none.
    first: [u8; KNOWN_COUNT],
    defect: Option<Defect>,
}

/// One header line: name, and value without the white space around it.
#[derive(Clone, Copy)]
pub(crate) struct Span {
    pub(crate) name: HeaderName,
    pub(crate) name_start: u16,
    pub(crate) name_end: u16,
    pub(crate) value_start: u16,
    pub(crate) value_end: u16,
}

const NONE: u8 = u8::MAX;

const _: () = assert!(MAX_HEADERS < NONE as usize, "an index into the spans must fit an octet and leave NONE free");

impl HeaderSpans {
    /// Empty scratch space.
    #[must_use]
    pub const fn new() -> Self {
        let empty = Span { name: HeaderName::Other, name_start: 0, name_end: 0, value_start: 0, value_end: 0 };
        Self { spans: [empty; MAX_HEADERS], count: 0, first: [NONE; KNOWN_COUNT], defect: None }
    }

    pub(crate) fn reset(&mut self) {
        self.count = 0;
        self.first = [NONE; KNOWN_COUNT];
        self.defect = None;
    }

    /// Adds a header, noting a forbidden repetition or one header too many as a defect.
    pub(crate) fn push(&mut self, span: Span) {
        let Some(place) = self.spans.get_mut(usize::from(self.count)) else {
            self.note(Defect::TooManyHeaders);
            return;
        };
        *place = span;
        if let Some(first) = self.first.get_mut(span.name as usize) {
            if *first == NONE {
                *first = self.count;
            } else if span.name.is_single() {
                self.note(Defect::Duplicate(span.name));
            }
        }
        self.count += 1;
    }

    /// Records a defect; the first one stays.
    pub(crate) fn note(&mut self, defect: Defect) {
        if self.defect.is_none() {
            self.defect = Some(defect);
        }
    }

    /// Says of a repeated Content-Length that its values differ, unless something else was wrong before it.
    pub(crate) fn replace_duplicate_content_length(&mut self) {
        if self.defect == Some(Defect::Duplicate(HeaderName::ContentLength)) {
            self.defect = Some(Defect::ConflictingContentLength);
        }
    }

    pub(crate) fn defect(&self) -> Option<Defect> {
        self.defect
    }

    pub(crate) fn as_slice(&self) -> &[Span] {
        self.spans.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// The headers from the first of that name on; all of them for a name that is not known.
    pub(crate) fn starting_at_first(&self, name: HeaderName) -> &[Span] {
        match self.first.get(name as usize) {
            Some(&index) if index != NONE => self.as_slice().get(usize::from(index)..).unwrap_or_default(),
            Some(_) => &[],
            None => self.as_slice(),
        }
    }

    pub(crate) fn first(&self, name: HeaderName) -> Option<&Span> {
        self.starting_at_first(name).iter().find(|span| span.name == name)
    }
}

impl Default for HeaderSpans {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HeaderSpans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeaderSpans({} headers)", self.count)
    }
}
