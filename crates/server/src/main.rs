//! The sipwarden binary: command line, configuration, wiring. It builds every part and decides nothing else.

mod api_client;
mod audit_cli;
mod audit_commands;
mod background;
mod ban_cli;
mod ban_commands;
mod bench;
mod bench_cli;
mod call;
mod call_cli;
mod call_commands;
mod calls;
mod calls_cli;
mod cli;
mod config_command;
mod configuration;
mod console;
mod control_socket;
mod credential_command;
mod data_dir;
mod database;
mod device_cli;
mod device_command;
mod doctor;
mod event_names;
mod event_stream;
mod failure;
mod hardening;
mod https;
mod import;
mod listening;
mod manual;
mod media;
mod metrics;
mod migrate_storage;
mod next_hops;
mod node;
mod number_command;
mod operator_api;
mod operator_cli;
mod operator_client;
mod operator_commands;
mod otlp_endpoint;
mod patience;
mod phones;
mod provision_cli;
mod provision_command;
mod quickstart;
mod remote_operator;
mod restore;
mod restored_secrets;
mod serve;
mod serve_options;
mod service_manager;
mod settings;
mod settings_command;
mod signals;
mod sip_connections;
mod sip_listen;
mod sip_listeners;
mod still_running;
mod system;
mod telemetry;
mod tenant_cli;
mod tenant_commands;
mod this_node;
mod tls_settings;
mod trace_delivery;
mod traces;
mod trunk_cli;
mod trunk_command;
mod trust;
mod watch;
mod webhook_cli;
mod webhook_command;
mod webhooks;
mod why_cli;
mod why_command;

use clap::Parser;
use std::process::ExitCode;

/// Messages are many small pieces, made on one thread and often let go on another. Calls cost a third less processor time
/// than with glibc's allocator, and musl's is slower still (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // First of all: the command line and the environment may hold secrets already.
    let outcome = hardening::forbid_memory_dumps().and_then(|()| run(cli::Cli::parse().command));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("sipwarden: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: cli::Command) -> Result<(), failure::Failure> {
    match command {
        cli::Command::Config { command } => config_command::run(command),
        cli::Command::Openapi => manual::openapi(),
        cli::Command::Completions { shell } => manual::completions(shell),
        cli::Command::Man { command } => manual::man(&command),
        cli::Command::Serve(options) => in_runtime(serve::run(*options)),
        cli::Command::Account { command } => in_runtime(operator_commands::account(command)),
        cli::Command::Realm { command } => in_runtime(operator_commands::realm(command)),
        cli::Command::DefaultAccount { command } => in_runtime(operator_commands::default_account(command)),
        cli::Command::OperatorToken { command } => in_runtime(operator_commands::operator_token(command)),
        cli::Command::Backup { file, installation } => in_runtime(operator_commands::backup(file, installation)),
        cli::Command::Keys { command } => in_runtime(operator_commands::keys(command)),
        cli::Command::Restore(options) => in_runtime(restore::run(options)),
        cli::Command::MigrateStorage(options) => in_runtime(migrate_storage::run(options)),
        cli::Command::Token { command } => in_runtime(tenant_commands::token(command)),
        cli::Command::SubAccount { command } => in_runtime(tenant_commands::sub_account(command)),
        cli::Command::Credential { command } => in_runtime(credential_command::run(command)),
        cli::Command::Trunk { command } => in_runtime(trunk_command::trunk(command)),
        cli::Command::Acl { command } => in_runtime(trunk_command::acl(command)),
        cli::Command::OriginationUri { command } => in_runtime(trunk_command::origination_uri(command)),
        cli::Command::Number { command } => in_runtime(number_command::run(command)),
        cli::Command::Phones(options) => in_runtime(phones::run(options)),
        cli::Command::Bench(options) => in_runtime(bench::run(*options)),
        cli::Command::Call(options) => in_runtime(call::run(options)),
        cli::Command::Webhook { command } => in_runtime(webhook_command::run(command)),
        cli::Command::Settings { command } => in_runtime(settings_command::run(command)),
        cli::Command::Calls(options) => in_runtime(call_commands::calls(options)),
        cli::Command::Audit { command } => in_runtime(audit_commands::audit(command)),
        cli::Command::Ban { command } => in_runtime(ban_commands::ban(command)),
        cli::Command::Provision { command } => in_runtime(provision_command::run(command)),
        cli::Command::Device { command } => in_runtime(device_command::run(command)),
        cli::Command::Bans(options) => in_runtime(ban_commands::bans(options)),
        cli::Command::Doctor(options) => in_runtime(doctor::doctor(*options)),
        cli::Command::Cdrs(options) => in_runtime(call_commands::cdrs(options)),
        cli::Command::Why(options) => in_runtime(why_command::run(options)),
        cli::Command::Quickstart { exit } => in_runtime(quickstart::run(exit)),
    }
}

fn in_runtime(work: impl Future<Output = Result<(), failure::Failure>>) -> Result<(), failure::Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failure::Failure::Runtime)?;
    let outcome = runtime.block_on(work);
    // A blocking thread may still wait for a peer; nobody waits for it.
    runtime.shutdown_background();
    outcome
}
