//! The sipwarden binary: command line, configuration, wiring. It builds every part and decides nothing else.

mod account_command;
mod admin;
mod api_client;
mod cli;
mod configuration;
mod control_socket;
mod credential_command;
mod data_dir;
mod failure;
mod listening;
mod node;
mod quickstart;
mod serve;
mod serve_options;
mod signals;
mod sip_listeners;
mod system;
mod telemetry;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let command = cli::Cli::parse().command;
    match run(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("sipwarden: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: cli::Command) -> Result<(), failure::Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failure::Failure::Runtime)?;
    let outcome = runtime.block_on(async {
        match command {
            cli::Command::Serve(options) => serve::run(options).await,
            cli::Command::Account { command } => account_command::account(command).await,
            cli::Command::Realm { command } => account_command::realm(command).await,
            cli::Command::Credential { command } => credential_command::run(command).await,
            cli::Command::Quickstart { exit } => quickstart::run(exit).await,
        }
    });
    // A blocking thread may still wait for a peer; nobody waits for it.
    runtime.shutdown_background();
    outcome
}
