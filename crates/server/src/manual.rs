//! What describes the program to others: shell completions and man pages, made from the command line's definition, and
//! the HTTP API's document.

use crate::cli::{Cli, CompletionShell};
use crate::failure::Failure;
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use domain::UsernameRule;
use std::io::Write as _;

/// Prints the completions for a shell.
pub(crate) fn completions(shell: CompletionShell) -> Result<(), Failure> {
    let shell = match shell {
        CompletionShell::Bash => Shell::Bash,
        CompletionShell::Zsh => Shell::Zsh,
        CompletionShell::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sipwarden", &mut script);
    std::io::stdout().write_all(&script).map_err(Failure::Output)
}

/// Prints the document of the HTTP API, with the rule for usernames that is the default.
pub(crate) fn openapi() -> Result<(), Failure> {
    let document = http_api::openapi_document(UsernameRule::default());
    std::io::stdout().write_all(document.as_bytes()).map_err(Failure::Output)
}

/// Prints the man page of a command, the program's own if the path is empty.
pub(crate) fn man(path: &[String]) -> Result<(), Failure> {
    let mut page = Vec::new();
    // Of itself a command below has no version, and names only itself.
    let source = concat!("sipwarden ", env!("CARGO_PKG_VERSION"));
    clap_mangen::Man::new(command(path)?).source(source).render(&mut page).map_err(Failure::Output)?;
    std::io::stdout().write_all(&page).map_err(Failure::Output)
}

fn command(path: &[String]) -> Result<Command, Failure> {
    let mut command = Cli::command();
    // Gives the commands below their full names.
    command.build();
    for name in path {
        let below = command.find_subcommand(name).cloned();
        command = below.ok_or_else(|| {
            Failure::Refused(format!("there is no command {name:?} here; `sipwarden help` shows all commands"))
        })?;
    }
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_named_after_their_commands() {
        let create = command(&["account".into(), "create".into()]).unwrap();
        assert_eq!(create.get_display_name(), Some("sipwarden-account-create"));
        assert!(command(&["no-such-command".into()]).is_err());
    }
}
