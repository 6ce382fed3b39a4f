//! `sipwarden config …`: a configuration looked at without using it.

use crate::cli::ConfigCommand;
use crate::configuration::{Configuration, read_file};
use crate::failure::Failure;
use crate::serve_options::{ServeOptions, TracedOptions};
use crate::settings::{SETTINGS, Settled};
use clap::parser::ValueSource;
use clap::{Args as _, Command};
use std::fmt::Write as _;
use std::io::Write as _;

/// The widest line of documentation in the example.
const WIDTH: usize = 100;

pub(crate) fn run(command: ConfigCommand) -> Result<(), Failure> {
    let text = match command {
        ConfigCommand::Check(options) => check(*options)?,
        ConfigCommand::Example => example()?,
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(Failure::Output)
}

/// The settled configuration as a file that would settle to the same, each line with where it came from.
fn check(TracedOptions { options, sources }: TracedOptions) -> Result<String, Failure> {
    let file = options.config.as_deref().map(read_file).transpose()?.unwrap_or_default();
    let in_file = file.names_given();
    let configuration = Configuration::of(options.or(file))?;
    let mut printed = String::new();
    for setting in SETTINGS {
        let name = setting.name;
        let source = match sources.get(name) {
            Some(ValueSource::EnvVariable) => "environment",
            Some(_) => "command line",
            None if in_file.iter().any(|given| given == name) => "file",
            None => "default",
        };
        // Writing to a String cannot fail.
        let _ = match (setting.settled)(&configuration) {
            Settled::Value(value) => writeln!(printed, "{:<56} # {source}", format!("{name} = {value}")),
            Settled::Hidden => writeln!(printed, "{:<56} # {source}; not shown", format!("# {name}")),
            Settled::None(then) => writeln!(printed, "{:<56} # none: {then}", format!("# {name}")),
        };
    }
    Ok(printed)
}

/// Every option as a line that takes effect when its `#` is removed; documentation has a space after its `#`.
fn example() -> Result<String, Failure> {
    let defaults = Configuration::of(ServeOptions::default())?;
    let described = ServeOptions::augment_args(Command::new("serve"));
    let mut file = String::from(
        "# Configuration of sipwarden serve. Remove the # before an option to set it; what is shown is its default,\n\
         # or an example where there is none. The command line and SIPWARDEN_… variables go before this file.\n\
         # `sipwarden config check --config FILE` tells what it settles to.\n",
    );
    for setting in SETTINGS {
        let argument = described.get_arguments().find(|argument| argument.get_id() == setting.name);
        let help = argument.and_then(|argument| argument.get_help()).map(ToString::to_string).unwrap_or_default();
        file.push('\n');
        for line in wrapped(&help) {
            file.extend(["# ", &line, "\n"]);
        }
        let shown = match (setting.example, (setting.settled)(&defaults)) {
            (Some(example), _) => example.to_owned(),
            (None, Settled::Value(value)) => value.to_string(),
            (None, Settled::Hidden | Settled::None(_)) => continue,
        };
        file.extend(["#", setting.name, " = ", &shown, "\n"]);
    }
    Ok(file)
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= WIDTH => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The options of the example, with their `#` removed.
    fn uncommented() -> Vec<String> {
        let example = example().unwrap();
        let is_option = |line: &&str| line.starts_with(|first: char| first.is_ascii_lowercase());
        example.lines().filter_map(|line| line.strip_prefix('#')).filter(is_option).map(str::to_owned).collect()
    }

    #[test]
    fn the_example_has_every_option_with_its_documentation() {
        let command = ServeOptions::augment_args(Command::new("serve"));
        let options: Vec<_> = command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
        let lines = uncommented();
        let names: Vec<_> = lines.iter().map(|line| line.split_once(" = ").unwrap().0).collect();
        assert_eq!(names, options.iter().filter(|name| *name != "config").collect::<Vec<_>>());
        for argument in command.get_arguments() {
            assert!(argument.get_help().is_some_and(|help| !help.to_string().is_empty()), "{}", argument.get_id());
        }
    }

    #[test]
    fn the_example_parses_with_every_line_uncommented() {
        let file: ServeOptions = toml::from_str(&uncommented().join("\n")).unwrap();
        assert_eq!(file.names_given().len(), SETTINGS.len());
    }

    #[test]
    fn defaults_in_the_example_are_the_defaults_and_are_those_that_the_help_names() {
        let by_default = format!("{:?}", Configuration::of(ServeOptions::default()).unwrap());
        let command = ServeOptions::augment_args(Command::new("serve"));
        for setting in SETTINGS.iter().filter(|setting| setting.example.is_none()) {
            let lines = uncommented();
            let line = lines.iter().find(|line| line.starts_with(&format!("{} = ", setting.name))).unwrap();
            let settled = Configuration::of(toml::from_str(line).unwrap()).unwrap();
            assert_eq!(format!("{settled:?}"), by_default, "{line}");
            let argument = command.get_arguments().find(|argument| argument.get_id() == setting.name).unwrap();
            let help = argument.get_help().unwrap().to_string();
            let (_, documented) = help.split_once("[default: ").unwrap();
            let value: toml::Table = line.parse().unwrap();
            let values = value[setting.name].as_array().cloned().unwrap_or_else(|| vec![value[setting.name].clone()]);
            for value in values {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                assert!(documented.contains(&value), "{value}: {help}");
            }
        }
    }

    #[test]
    fn what_a_check_prints_settles_to_the_same() {
        let options = ServeOptions {
            sip_domain: Some("sip.example.com".into()),
            sip_listen: vec!["udp:[::1]:5060".into(), "tcp:127.0.0.1:5060".into()],
            https_listen: vec!["[::1]:8443".into()],
            tls_certificate: vec!["/a.pem".into(), "/b.pem".into()],
            tls_key: vec!["/a.key".into(), "/b.key".into()],
            usernames: Some("extended".into()),
            sip_workers: Some(3),
            log: Some("info,sipwarden::auth=off".into()),
            master_key_file: Some("/a \"key\"".into()),
            ..ServeOptions::default()
        };
        let settled = Configuration::of(options.clone()).unwrap();
        let printed = check(TracedOptions { options, sources: [].into() }).unwrap();
        let again = Configuration::of(toml::from_str(&printed).unwrap()).unwrap();
        let without_filter = |configuration: Configuration| {
            format!("{:?}", Configuration { log_filter: Default::default(), ..configuration })
        };
        assert_eq!(settled.log_filter.to_string(), again.log_filter.to_string());
        assert_eq!(without_filter(settled), without_filter(again));
    }

    #[test]
    fn a_key_command_is_not_shown() {
        let options = ServeOptions { master_key_command: Some("fetch --token hush".into()), ..ServeOptions::default() };
        let printed = check(TracedOptions { options, sources: [].into() }).unwrap();
        assert!(!printed.contains("hush") && printed.contains("not shown"), "{printed}");
    }
}
