//! A few clients that check residents in until all are, or the gateway has ended.

use scangate_core::id::PersonId;
use scangate_core::time::Step;
use scangate_loadgen::city::LoadResident;
use scangate_loadgen::client::{ClientConnection, LoadTarget, Version};
use scangate_loadgen::drive::now;
use scangate_loadgen::sample::AcknowledgedCheckIn;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// The number of clients. Each has the next HTTP version.
const CLIENTS: usize = 6;
/// How long a client waits for an answer, which the gateway must not leave it without.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// How long a client tries to connect.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// The time in which the answers of a gateway that has ended still arrive.
const LAST_ANSWERS: Duration = Duration::from_millis(100);

/// The answers to the clients.
#[derive(Default)]
pub(super) struct ClientAnswers {
    /// The acknowledged check-ins.
    pub(super) kept: HashMap<PersonId, Vec<AcknowledgedCheckIn>>,
    /// The residents whose check-in was refused.
    pub(super) refused: HashSet<PersonId>,
    /// Check-ins with neither an answer nor the end of their connection.
    pub(super) unanswered: usize,
}

/// The answer to one check-in.
enum ClientAnswer {
    Kept(AcknowledgedCheckIn),
    Refused,
    Unanswered,
    /// The connection has ended.
    Broken,
}

/// Checks all residents in at a venue. Returns early if the gateway has ended.
pub(super) async fn check_all_in(
    target: &Arc<LoadTarget>,
    residents: &[LoadResident],
    poster: &str,
    ended: &watch::Receiver<bool>,
) -> anyhow::Result<ClientAnswers> {
    let mut clients = JoinSet::new();
    for (residents, version) in
        residents.chunks(residents.len().div_ceil(CLIENTS)).zip(Version::ALL.into_iter().cycle())
    {
        let (target, poster, ended) = (Arc::clone(target), poster.to_owned(), ended.clone());
        clients.spawn(check_in(target, version, residents.to_vec(), poster, ended));
    }
    let mut answers = ClientAnswers::default();
    while let Some(own) = clients.join_next().await {
        for (person, answer) in own? {
            match answer {
                ClientAnswer::Kept(check_in) => answers.kept.entry(person).or_default().push(check_in),
                ClientAnswer::Refused => drop(answers.refused.insert(person)),
                ClientAnswer::Unanswered => answers.unanswered += 1,
                ClientAnswer::Broken => {}
            }
        }
    }
    Ok(answers)
}

async fn check_in(
    target: Arc<LoadTarget>,
    version: Version,
    residents: Vec<LoadResident>,
    poster: String,
    mut ended: watch::Receiver<bool>,
) -> Vec<(PersonId, ClientAnswer)> {
    let (mut answers, mut open) = (Vec::new(), None);
    for resident in residents {
        if open.is_none() {
            let connecting = timeout(CONNECT_MAX, target.connect(version));
            open = connecting.await.ok().and_then(Result::ok);
        }
        let Some(connection) = &mut open else { break };
        let body = json!({"venue": poster, "person": resident.code(Step::of(now()))}).to_string();
        let answer = tokio::select! {
            biased;
            answer = answer(connection, body) => answer,
            () = is_over(&mut ended) => ClientAnswer::Broken,
        };
        if matches!(answer, ClientAnswer::Broken | ClientAnswer::Unanswered) {
            open = None;
        }
        answers.push((resident.person, answer));
        if *ended.borrow() {
            break;
        }
    }
    answers
}

async fn answer(connection: &mut ClientConnection, body: String) -> ClientAnswer {
    let request = http::Request::post("/v1/check-ins").body(body.into());
    let sent = connection.send(request.expect("the request consists of constants"));
    match timeout(ANSWER_MAX, sent).await {
        Err(_) => ClientAnswer::Unanswered,
        Ok(Err(_)) => ClientAnswer::Broken,
        Ok(Ok(answer)) if !answer.status().is_success() => ClientAnswer::Refused,
        // An acknowledgement that cannot be read was not received.
        Ok(Ok(answer)) => {
            serde_json::from_slice(answer.body()).map_or(ClientAnswer::Broken, ClientAnswer::Kept)
        }
    }
}

/// Waits until the gateway has ended and its last answers have arrived.
async fn is_over(ended: &mut watch::Receiver<bool>) {
    if ended.wait_for(|is_over| *is_over).await.is_err() {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(LAST_ANSWERS).await;
}
