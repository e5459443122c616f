//! Posts of NDJSON lines, or of one JSON object, with one answer for each. A line that the gateway's store
//! did not take in time is sent again.

use crate::client::{ClientConnection, RefusalError};
use anyhow::ensure;
use serde::Deserialize;
use std::time::{Duration, Instant};

/// Lines in one request.
const LINES_A_REQUEST: usize = 2_000;
/// How long the lines of one request are sent again while the gateway's store does not answer.
const STORE_WAIT_MAX: Duration = Duration::from_mins(1);
/// The pause before lines are sent again, if the gateway names none.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// The status of a line, or of a whole request, that can be sent again.
const UNAVAILABLE: u16 = 503;

/// The advice about other tries in a refusal of a line or of a whole request.
#[derive(Deserialize)]
struct RetryAdvice {
    status: u16,
    retry_after_ms: Option<u64>,
}

impl RetryAdvice {
    /// The pause before the next try of a line; none where no other try helps.
    fn pause(line: &[u8]) -> Option<Duration> {
        let advice: Self = serde_json::from_slice(line).ok()?;
        let pause = advice.retry_after_ms.map_or(RETRY_PAUSE, Duration::from_millis);
        (advice.status == UNAVAILABLE).then_some(pause.min(RETRY_PAUSE))
    }
}

/// The lines of one request, with the answers so far.
struct PostedLines<'a, T> {
    lines: &'a [String],
    answers: Vec<Option<T>>,
}

impl<'a, T: for<'b> Deserialize<'b>> PostedLines<'a, T> {
    fn new(lines: &'a [String]) -> Self {
        Self { lines, answers: lines.iter().map(|_| None).collect() }
    }

    /// The numbers of the lines without an answer.
    fn open(&self) -> Vec<usize> {
        (0..self.lines.len()).filter(|&number| self.answers[number].is_none()).collect()
    }

    /// Takes the gateway's answers to these lines. Returns the refusal of a line that can be sent again.
    /// **Errors**: no other try of a line helps; a line has no answer.
    fn take(&mut self, open: &[usize], answer: &[u8]) -> anyhow::Result<Option<RefusalError>> {
        let answered = answer.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
        let (mut count, mut refused) = (0, None);
        for (number, line) in open.iter().zip(answered.clone()) {
            count += 1;
            if RetryAdvice::pause(line).is_some() {
                refused = Some(rejection(line));
            } else {
                self.answers[*number] = Some(serde_json::from_slice(line).map_err(|_| rejection(line))?);
            }
        }
        let all = answered.count();
        ensure!(count == open.len() && all == count, "{all} of {} lines were answered", open.len());
        Ok(refused)
    }
}

fn rejection(line: &[u8]) -> RefusalError {
    RefusalError { status: 200, problem: String::from_utf8_lossy(line).into_owned() }
}

/// Posts lines in requests of bounded size and reads one answer for each line. **Errors**: the gateway
/// rejected a line, or its store did not answer for a minute.
pub async fn post_lines<T: for<'a> Deserialize<'a>>(
    connection: &mut ClientConnection,
    path: &str,
    authorization: &str,
    lines: &[String],
) -> anyhow::Result<Vec<T>> {
    let mut answers = Vec::with_capacity(lines.len());
    for chunk in lines.chunks(LINES_A_REQUEST) {
        let mut posted = PostedLines::new(chunk);
        let began = Instant::now();
        while let Some(refused) = post_open(connection, path, authorization, &mut posted).await? {
            let pause = RetryAdvice::pause(refused.problem.as_bytes()).unwrap_or(RETRY_PAUSE);
            ensure!(began.elapsed() < STORE_WAIT_MAX, refused);
            tokio::time::sleep(pause).await;
        }
        answers.extend(posted.answers.into_iter().flatten());
    }
    Ok(answers)
}

/// Posts the lines without an answer. Returns a refusal after which those that still have none can be sent
/// again.
async fn post_open<T: for<'a> Deserialize<'a>>(
    connection: &mut ClientConnection,
    path: &str,
    authorization: &str,
    posted: &mut PostedLines<'_, T>,
) -> anyhow::Result<Option<RefusalError>> {
    let open = posted.open();
    let body: Vec<&str> = open.iter().map(|&number| posted.lines[number].as_str()).collect();
    match connection.call("POST", path, authorization, body.join("\n")).await {
        Ok(answer) => posted.take(&open, &answer),
        Err(error) => match error.downcast::<RefusalError>()? {
            refused if refused.status == UNAVAILABLE => Ok(Some(refused)),
            refused => Err(refused.into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize, Debug, PartialEq)]
    struct Venue {
        venue: u64,
    }

    const LATE: &str = r#"{"status": 503, "code": "store-unavailable", "retry_after_ms": 20}"#;

    fn lines() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).to_vec()
    }

    #[test]
    fn lines_whose_store_was_away_stay_open_and_keep_their_places() {
        let lines = lines();
        let mut posted = PostedLines::<Venue>::new(&lines);
        let answer = format!("{LATE}\n{{\"venue\": 2}}\n{LATE}\n");
        let refused = posted.take(&posted.open(), answer.as_bytes()).unwrap().unwrap();
        assert_eq!(RetryAdvice::pause(refused.problem.as_bytes()), Some(Duration::from_millis(20)));
        assert_eq!(posted.open(), [0, 2]);
        let answer = b"{\"venue\": 1}\n{\"venue\": 3}\n";
        assert!(posted.take(&posted.open(), answer).unwrap().is_none());
        let answers: Vec<u64> = posted.answers.into_iter().flatten().map(|answer| answer.venue).collect();
        assert_eq!(answers, [1, 2, 3]);
    }

    #[test]
    fn a_line_that_is_rejected_for_good_or_without_answer_ends_the_posting() {
        let lines = lines();
        let mut posted = PostedLines::<Venue>::new(&lines);
        let rejected = b"{\"venue\": 1}\n{\"status\": 422, \"code\": \"name-missing\"}\n{\"venue\": 3}\n";
        let error = posted.take(&posted.open(), rejected).unwrap_err();
        assert!(error.to_string().contains("name-missing"), "{error}");
        for answer in ["", "{\"venue\": 1}\n", &"{\"venue\": 1}\n".repeat(4)] {
            let mut posted = PostedLines::<Venue>::new(&lines);
            assert!(posted.take(&posted.open(), answer.as_bytes()).is_err(), "{answer}");
        }
    }
}
