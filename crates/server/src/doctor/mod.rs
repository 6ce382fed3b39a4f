//! `sipwarden doctor`: what `serve` with the same options would meet, looked at without changing anything.

mod certificates;
mod clock;
mod dns;
mod finding;
mod installation;
mod limits;
mod network;

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::serve_options::ServeOptions;
use clap::Args;
use finding::{Finding, Grade};
use serde_json::{Value, json};
use std::io::Write as _;

/// What to look at: an installation, with the options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    #[command(flatten)]
    serve: ServeOptions,
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

/// Looks at everything and prints a line for each; a failure is an exit code of 1, a warning is none.
pub(crate) async fn doctor(DoctorOptions { serve, json }: DoctorOptions) -> Result<(), Failure> {
    let findings = match Configuration::settle(serve) {
        Err(failure) => vec![Finding::failed("configuration", failure.to_string())],
        Ok(configuration) => examine(&configuration).await,
    };
    let printed = if json { as_json(&findings) } else { as_lines(&findings) };
    std::io::stdout().write_all(printed.as_bytes()).map_err(Failure::Output)?;
    match findings.iter().filter(|finding| finding.grade == Grade::Failed).count() {
        0 => Ok(()),
        1 => Err(Failure::Refused("one thing is wrong; mend it as its line says".into())),
        count => Err(Failure::Refused(format!("{count} things are wrong; mend each as its line says"))),
    }
}

async fn examine(configuration: &Configuration) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("configuration", "every option can be used".into())];
    let (installation, state) = installation::examine(configuration).await;
    findings.extend(installation);
    findings.extend(clock::examine());
    findings.extend(certificates::examine(configuration));
    findings.extend(network::examine(configuration, &state));
    findings.extend(dns::examine(configuration, &state).await);
    findings.extend(limits::examine(configuration));
    findings
}

fn as_lines(findings: &[Finding]) -> String {
    let line = |finding: &Finding| format!("{:<8} {:<14} {}\n", finding.grade.as_str(), finding.subject, finding.text);
    findings.iter().map(line).collect()
}

fn as_json(findings: &[Finding]) -> String {
    let one = |finding: &Finding| json!({ "grade": finding.grade.as_str(), "subject": finding.subject, "text": finding.text });
    format!("{}\n", json!({ "findings": findings.iter().map(one).collect::<Vec<Value>>() }))
}
