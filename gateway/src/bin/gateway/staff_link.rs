//! The links by which staff sign in: the address of a page with the token as its fragment, and its QR code in
//! the terminal.

use anyhow::Context as _;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use scangate_core::time::Timestamp;
use scangate_core::token::Role;
use scangate_gateway::config::{Config, Origin};
use scangate_gateway::deployment::PosterSettings;
use std::io::{self, IsTerminal as _};
use std::path::Path;

/// A page that staff sign in to by a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StaffPage {
    label: &'static str,
    path: &'static str,
}

const DOOR_PAGE: StaffPage = StaffPage { label: "门口显示屏 Door display", path: "/staff/door" };
const TERMINAL_PAGE: StaffPage = StaffPage { label: "查验终端 Terminal", path: "/staff/terminal" };
const CASES_PAGE: StaffPage = StaffPage { label: "流调工作台 Case console", path: "/staff/cases" };

impl StaffPage {
    /// The pages for a token of this role. The authority and operators have none.
    pub(crate) const fn of(role: Role, door: Option<u16>) -> &'static [Self] {
        match (role, door) {
            (Role::Terminal, Some(_)) => &[DOOR_PAGE, TERMINAL_PAGE],
            (Role::Terminal, None) => &[TERMINAL_PAGE],
            (Role::Tracer, _) => &[CASES_PAGE],
            (Role::Authority | Role::Operator, _) => &[],
        }
    }
}

/// Prints a token as the links of these pages, at the origin of the gateway on this data folder. The token is
/// the fragment, which a browser sends to no server.
pub(crate) fn print(pages: &[StaffPage], token: &str, expires: Timestamp, data: &Path) -> anyhow::Result<()> {
    let origin = match PosterSettings::read(data)? {
        Some(PosterSettings { origin, .. }) => origin,
        None => Origin::of_localhost(Config::default().listen.port()),
    };
    for StaffPage { label, path } in pages {
        let link = format!("{origin}{path}#{token}");
        println!("{label}\n{link}\n{}", drawn(&link, Screen::of_output())?);
    }
    println!("有效期至 Valid until {expires}");
    Ok(())
}

/// What shows the QR codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Screen {
    /// A terminal, whose colours the escape sequences set.
    Colours,
    /// A file or another program. The dark modules are drawn.
    Plain,
}

impl Screen {
    fn of_output() -> Self {
        if io::stdout().is_terminal() { Self::Colours } else { Self::Plain }
    }
}

/// The QR code of a link in half blocks, two modules a character. **Errors**: the link is too long for a QR
/// code.
fn drawn(link: &str, screen: Screen) -> anyhow::Result<String> {
    // Level L: a screen is not damaged, and the code should fit into a window.
    let qr = QrCode::with_error_correction_level(link, EcLevel::L)
        .context("the link is too long for a QR code: choose a shorter --subject")?;
    let blocks = qr.render::<Dense1x2>().quiet_zone(true).build();
    let lines = blocks.lines().map(|line| match screen {
        // Black on white, whatever the terminal's own colours are: scanners expect it.
        Screen::Colours => format!("\u{1b}[30;107m{line}\u{1b}[0m\n"),
        Screen::Plain => format!("{line}\n"),
    });
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_of_a_full_token_fits_into_a_window() {
        let link = format!("https://scan.example/staff/terminal#{}", "a".repeat(260));
        let plain = drawn(&link, Screen::Plain).unwrap();
        assert!(plain.lines().all(|line| (60..80).contains(&line.chars().count())), "{plain}");
        assert!(plain.contains(['▄', '▀', '█']) && !plain.contains('\u{1b}'), "{plain}");
        let coloured = drawn(&link, Screen::Colours).unwrap();
        assert!(
            coloured.lines().all(|line| line.starts_with("\u{1b}[30;107m") && line.ends_with("\u{1b}[0m"))
        );
        assert!(drawn(&"a".repeat(4_000), Screen::Plain).is_err());
    }
}
