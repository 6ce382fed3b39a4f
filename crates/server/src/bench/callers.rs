//! The phones' accounts: from a file, or made for the occasion and deleted afterwards.

use super::progress;
use crate::api_client::ApiClient;
use crate::bench_cli::BenchOptions;
use crate::failure::Failure;
use crate::system::SystemRandom;
use domain::GeneratedPassword;
use import_sources::{ColumnNames, Field, Read, SourceError, read_csv};
use serde_json::{Value, json};
use sip_user_agent::load::{Caller, LoadWatch};
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

/// Requests to the API under way at a time.
const AT_A_TIME: usize = 16;
/// After how many the progress is told.
const TOLD_EVERY: usize = 500;
/// How long to wait when the API asks for patience.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a call that ended may be there still.
const CALLS_END_WITHIN: Duration = Duration::from_secs(10);
/// How often that is looked for.
const SHORT_PAUSE: Duration = Duration::from_millis(100);

/// Accounts, and what is to be deleted of them.
pub(super) struct Callers {
    callers: Vec<Caller>,
    created: Option<Created>,
}

/// Credentials that were made here.
struct Created {
    client: Arc<ApiClient>,
    ids: Vec<String>,
}

impl Callers {
    /// Reads them or creates them.
    pub(super) async fn obtain(options: &BenchOptions, watch: &LoadWatch) -> Result<Self, Failure> {
        match (&options.csv, options.create) {
            (Some(path), _) => Ok(Self { callers: read(path, options.users)?, created: None }),
            (None, count) => create(options, count.unwrap_or(1), watch).await,
        }
    }

    /// The accounts, once.
    pub(super) fn take(&mut self) -> Vec<Caller> {
        std::mem::take(&mut self.callers)
    }

    /// Whether they are ours to delete.
    pub(super) const fn were_created(&self) -> bool {
        self.created.is_some()
    }

    /// Deletes what was created, and says how many are left.
    pub(super) async fn clear_away(&mut self) -> usize {
        let Some(created) = self.created.as_mut().filter(|created| !created.ids.is_empty()) else { return 0 };
        progress::say(&format!("deleting {} credentials", created.ids.len()));
        let mut deleting = JoinSet::new();
        let (mut left, mut ids) = (0, std::mem::take(&mut created.ids).into_iter());
        loop {
            while deleting.len() < AT_A_TIME
                && let Some(id) = ids.next()
            {
                let client = Arc::clone(&created.client);
                deleting.spawn(async move { delete(&client, &format!("credentials/{id}")).await });
            }
            match deleting.join_next().await {
                Some(Ok(Ok(()))) => {}
                Some(failed) => {
                    left += 1;
                    if let (1, Ok(Err(failure))) = (left, failed) {
                        progress::say(&format!("a credential could not be deleted: {failure}"));
                    }
                }
                None => return left,
            }
        }
    }
}

fn read(path: &Path, most: Option<u32>) -> Result<Vec<Caller>, Failure> {
    let shown = path.display();
    let unreadable = |error: io::Error| {
        Failure::Refused(format!("{shown} cannot be read ({error}); give another file, or `-` for standard input"))
    };
    let input: Box<dyn io::Read> =
        if path == Path::new("-") { Box::new(io::stdin()) } else { Box::new(File::open(path).map_err(unreadable)?) };
    let most = most.map_or(usize::MAX, |most| most as usize);
    let (mut callers, mut fault) = (Vec::new(), None);
    let mut take = |read: Read| {
        match read {
            Read::Row(row) => match (row.get(Field::Username), row.get(Field::Password)) {
                (Some(username), Some(password)) => callers
                    .push(Caller { username: username.to_owned(), password: Zeroizing::new(password.to_owned()) }),
                _ => fault = Some(format!("row {} has no username or no password", row.number)),
            },
            Read::Bad(bad) => fault = Some(format!("row {} {}", bad.number, bad.problem)),
        }
        if fault.is_some() || callers.len() >= most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    read_csv(input, &ColumnNames::default(), &mut take).map_err(|error| match error {
        SourceError::Io(error) => unreadable(error),
        _ => Failure::Refused(format!(
            "{shown} needs a first line that names the columns username and password, each once"
        )),
    })?;
    match fault {
        Some(fault) => Err(Failure::Refused(format!("{shown}: {fault}; correct it"))),
        None if callers.is_empty() => {
            Err(Failure::Refused(format!("{shown} has no rows; give a line for each phone below username,password")))
        }
        None => Ok(callers),
    }
}

async fn create(options: &BenchOptions, count: u32, watch: &LoadWatch) -> Result<Callers, Failure> {
    let (Some(auth_id), Some(auth_token)) = (&options.auth_id, &options.auth_token) else {
        return Err(Failure::Refused(
            "--create needs an account: set SIPWARDEN_AUTH_ID and SIPWARDEN_AUTH_TOKEN, or give a file with --csv"
                .into(),
        ));
    };
    let client = ApiClient::new(&options.url, auth_id, auth_token).trusting(options.ca_file.clone());
    let client = Arc::new(client);
    let mut made =
        Callers { callers: Vec::new(), created: Some(Created { client: Arc::clone(&client), ids: Vec::new() }) };
    let (mut creating, mut numbers, mut problem) = (JoinSet::new(), 1..=count, None);
    loop {
        while creating.len() < AT_A_TIME
            && problem.is_none()
            && !watch.is_stopped()
            && let Some(number) = numbers.next()
        {
            let username = options.username_pattern.replace("{}", &number.to_string());
            creating.spawn(create_one(Arc::clone(&client), username));
        }
        let Some(joined) = creating.join_next().await else { break };
        match joined.map_err(|_| Failure::Refused("a task was lost".into())).and_then(|made| made) {
            Ok((caller, id)) => {
                made.callers.push(caller);
                made.created.iter_mut().for_each(|created| created.ids.push(id.clone()));
                if made.callers.len().is_multiple_of(TOLD_EVERY) {
                    progress::show(&format!("{} of {count} credentials created", made.callers.len()));
                }
            }
            Err(failure) => problem = Some(failure),
        }
    }
    progress::clear();
    match problem {
        None if !made.callers.is_empty() => Ok(made),
        problem => {
            let left = made.clear_away().await;
            let why = problem.map_or_else(|| "stopped before anything was created".to_owned(), |why| why.to_string());
            let left = if left > 0 {
                format!("; {left} that were created before could not be deleted")
            } else {
                String::new()
            };
            Err(Failure::Refused(format!("{why}{left}")))
        }
    }
}

async fn delete(client: &ApiClient, path: &str) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        let answer = patient_call(client, "DELETE", path, None).await?;
        match answer.status {
            404 => return Ok(()),
            // Its last call has just ended, and is there until it is recorded.
            409 if begun.elapsed() < CALLS_END_WITHIN => tokio::time::sleep(SHORT_PAUSE).await,
            _ => return answer.expect(204).map(drop),
        }
    }
}

async fn create_one(client: Arc<ApiClient>, username: String) -> Result<(Caller, String), Failure> {
    let password = Zeroizing::new(GeneratedPassword::draw(&SystemRandom).as_str().to_owned());
    let body = json!({ "username": username, "password": &*password });
    let answer = patient_call(&client, "POST", "credentials", Some(body)).await?;
    if answer.status == 409 {
        return Err(Failure::Refused(format!(
            "there is a credential {username} already; choose other names with --username-pattern, or delete those of an \
             earlier run"
        )));
    }
    let created = answer.expect(201)?;
    let id = created.get("id").and_then(Value::as_str);
    let id = id.ok_or_else(|| Failure::Refused("the answer is not of this API".into()))?.to_owned();
    Ok((Caller { username, password }, id))
}

/// Asks again for as long as the API says that this is too fast.
async fn patient_call(
    client: &ApiClient,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Result<crate::api_client::Answer, Failure> {
    loop {
        let answer = client.call(method, path, body.clone()).await?;
        if answer.status != 429 {
            return Ok(answer);
        }
        tokio::time::sleep(PAUSE).await;
    }
}
