//! The progress of a run: a live view on a terminal, which the view leaves as it was, and a line a second
//! elsewhere. Standard output has the report alone.

use super::acknowledged;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};
use scangate_tests::{ExpectedLog, Gateway, Loadgen, loadgen_session, run_loadgen};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::num::NonZero;
use std::process::Child;
use std::sync::Arc;
use tokio::task::spawn_blocking;
use vt100::Parser;

/// The rows of the terminal, which hold a whole run with its report.
const ROWS: u16 = 60;

/// What ends each frame: the end of a synchronized update.
const END_OF_FRAME: &[u8] = b"\x1b[?2026l";

/// A run on a terminal of its own.
struct TerminalRun {
    master: File,
    child: Child,
    terminal: Parser,
    /// Every byte that the run wrote.
    written: Vec<u8>,
}

impl TerminalRun {
    fn start(gateway: &Gateway, columns: u16, environment: &[(&str, &str)]) -> anyhow::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        resize(&master, columns)?;
        let slave = File::from(ioctl_tiocgptpeer(&master, OpenptFlags::RDWR | OpenptFlags::NOCTTY)?);
        let target = format!("https://{}", gateway.listen);
        let run = ["run", "gate", "--rate", "40", "--for", "60s", "--lag-max", "60s", "--connections", "4"];
        let city = ["--residents", "300", "--venues", "10", "--target", &target];
        let child = loadgen_session(&run)?
            .args(city)
            .arg("--data")
            .arg(gateway.folder().path())
            .envs(environment.iter().copied())
            .stdin(slave.try_clone()?)
            .stdout(slave.try_clone()?)
            .stderr(slave)
            .spawn()?;
        Ok(Self { master: File::from(master), child, terminal: parser(columns)?, written: Vec::new() })
    }

    /// Reads what the run writes until the screen has these words.
    fn read_until(&mut self, words: &[&str]) -> anyhow::Result<String> {
        loop {
            let screen = self.terminal.screen().contents();
            if words.iter().all(|words| screen.contains(words)) {
                return Ok(screen);
            }
            anyhow::ensure!(self.read()?, "the run ended without {words:?}: {screen}");
        }
    }

    /// Reads the rest of a frame. With a Ctrl-C the system discards what is not read by then.
    fn read_frame(&mut self) -> anyhow::Result<()> {
        while !self.written.ends_with(END_OF_FRAME) {
            anyhow::ensure!(self.read()?, "the run ended within a frame");
        }
        Ok(())
    }

    /// Reads what the run writes. Returns false once the run has closed the terminal.
    fn read(&mut self) -> anyhow::Result<bool> {
        let mut bytes = [0; 4_096];
        // A terminal whose last user is gone answers with EIO.
        let count = self.master.read(&mut bytes).unwrap_or(0);
        self.terminal.process(&bytes[..count]);
        self.written.extend_from_slice(&bytes[..count]);
        Ok(count > 0)
    }
}

fn parser(columns: u16) -> anyhow::Result<Parser> {
    Ok(Parser::new(NonZero::try_from(ROWS)?, NonZero::try_from(columns)?, 0))
}

fn resize(master: impl rustix::fd::AsFd, columns: u16) -> anyhow::Result<()> {
    Ok(tcsetwinsize(master, Winsize { ws_row: ROWS, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })?)
}

#[test]
fn the_view_leaves_the_terminal_as_it_was_after_a_signal() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    for (columns, environment, signal) in
        [(40, &[("NO_COLOR", "1")][..], None), (100, &[][..], Some(Signal::SIGTERM))]
    {
        let mut run = TerminalRun::start(&gateway, columns, environment)?;
        let before = format!("{:?}", tcgetattr(&run.master)?);
        let shown = run.read_until(&["gate  https://", "/s of ", " s left", "p50 ", "open, lag p99 "])?;
        assert!(shown.contains("registering 300 residents"), "{shown}");
        run.read_frame()?;
        match signal {
            // The terminal makes a signal of Ctrl-C.
            None => run.master.write_all(&[3])?,
            Some(signal) => kill(Pid::from_raw(i32::try_from(run.child.id())?), signal)?,
        }
        while run.read()? {}
        assert_eq!(run.child.wait()?.code(), Some(1));
        let screen = run.terminal.screen();
        let left = screen.contents();
        assert_eq!(format!("{:?}", tcgetattr(&run.master)?), before, "{left}");
        assert!(!screen.hide_cursor() && !screen.alternate_screen() && !screen.bold(), "{left}");
        assert_eq!(screen.cursor_position().1, 0, "{left}");
        for words in
            ["registering 300 residents", "ending the run; a second signal", "verdict", "interrupted"]
        {
            assert_eq!(left.matches(words).count(), 1, "{words}: {left}");
        }
        assert!(!left.contains("open, lag p99") && !left.contains(" s left"), "{left}");
        let written = String::from_utf8_lossy(&run.written);
        assert_eq!(written.contains("\u{1b}[38;5;"), environment.is_empty(), "{written:?}");
    }
    Ok(())
}

#[test]
fn the_view_follows_the_width_of_its_terminal() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let mut run = TerminalRun::start(&gateway, 40, &[])?;
    let narrow = run.read_until(&["open, lag p99 "])?;
    assert!(!narrow.contains("generator"), "{narrow}");
    resize(&run.master, 100)?;
    run.terminal.screen_mut().set_size(NonZero::try_from(ROWS)?, NonZero::try_from(100)?);
    let wide = run.read_until(&["generator "])?;
    assert_eq!(wide.matches("open, lag p99").count(), 1, "{wide}");
    kill(Pid::from_raw(i32::try_from(run.child.id())?), Signal::SIGTERM)?;
    while run.read()? {}
    run.child.wait()?;
    Ok(())
}

/// The seconds before and after ` s, ` in a line such as `12 s, 48 s left: …`.
fn seconds(line: &str) -> Option<(u64, u64)> {
    let (passed, rest) = line.split_once(" s, ")?;
    let (left, _) = rest.split_once(" s left: ")?;
    Some((passed.parse().ok()?, left.parse().ok()?))
}

#[test]
fn a_pipe_gets_a_line_a_second_whose_time_left_counts_down() -> anyhow::Result<()> {
    let gateway = Gateway::start(&[])?;
    let run = ["run", "gate", "--rate", "40", "--for", "4s", "--lag-max", "60s", "--residents", "300"];
    let output = run_loadgen(&gateway, &run)?;
    let [stdout, stderr] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert_eq!(output.status.code(), Some(0), "{stdout}{stderr}");
    let lines: Vec<(u64, u64)> = stderr.lines().filter_map(seconds).collect();
    assert!(lines.len() >= 2 && lines.len() <= 5, "{stderr}");
    assert!(lines.is_sorted_by(|one, next| one.0 < next.0 && one.1 > next.1), "{stderr}");
    assert!(lines.iter().all(|(passed, left)| (3..=5).contains(&(passed + left))), "{stderr}");
    let figures = ["/s of ", "/s offered, p50 ", " ms, p99 ", " ms, max ", ", 0 failed, ", " open, lag p99 "];
    let first = stderr.lines().find(|line| seconds(line).is_some()).unwrap_or_default();
    assert!(figures.iter().all(|figure| first.contains(figure)), "{first}");
    assert!(stderr.contains("reading back 160 check-ins\n"), "{stderr}");
    assert!(
        !stdout.contains("left: ") && stdout.contains("verdict") && !stderr.contains("verdict"),
        "{stdout}"
    );
    assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
    let own = stdout.lines().find(|line| line.starts_with("  own CPU ")).unwrap_or_default();
    assert!(own.contains(" us a check-in, ") && own.ends_with(" % of the cores"), "{stdout}");
    let quiet =
        run_loadgen(&gateway, &[&run[..4], &["--for", "2s", "--seed", "2", "--quiet"], &run[6..]].concat())?;
    let stderr = String::from_utf8_lossy(&quiet.stderr);
    assert_eq!((quiet.status.code(), stderr.lines().count()), (Some(0), 1), "{stderr}");
    assert!(stderr.starts_with("registering 300 residents"), "{stderr}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_for_the_last_answers_has_lines_of_its_own() -> anyhow::Result<()> {
    let gateway = Gateway::start_in(Arc::new(tempfile::tempdir()?), &[], ExpectedLog::Trouble)?;
    let wishes = ["gate", "--rate", "40", "--for", "3s", "--answer-max", "2m", "--late-after", "2m"];
    let mut run = Loadgen::start(&gateway, gateway.listen, &wishes)?;
    acknowledged(&gateway, 20.0).await?;
    gateway.pause()?;
    let (run, said) = spawn_blocking(move || {
        let said = run.wait_for("waiting for the last answers, at most ")? + &run.wait_for(" open, ")?;
        anyhow::Ok((run, said))
    })
    .await??;
    gateway.resume()?;
    let end = spawn_blocking(move || run.end()).await??;
    assert!(end.is_settled() && end.text.contains("reading back "), "{said}{}", end.text);
    Ok(())
}
