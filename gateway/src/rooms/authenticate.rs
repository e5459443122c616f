//! The second room: checks that the codes are genuine and valid now. It knows keys and venues. It reads a
//! person's record for the generation of the keys, and passes the rest on unread.

use super::people::People;
use crate::tables::Tables;
use crate::tables::colours::PackedPerson;
use crate::tables::keyring::KidScope;
use crate::tables::policies::PublishedPolicy;
use crate::tables::venues::KnownVenue;
use arc_swap::Guard;
use scangate_core::certificate::PresentedCertificate;
use scangate_core::check_in::{Direction, Mode};
use scangate_core::code::{DoorCode, PaperPass, PersonCode, PosterCode, VenueCode, VenueTicket};
use scangate_core::id::{PersonId, VenueId};
use scangate_core::limits;
use scangate_core::refusal::Refusal;
use scangate_core::scan::{DoorWork, Holder, Scan};
use scangate_core::time::{Step, Timestamp};
use scangate_core::token::{Claims, Role};
use scangate_core::venue::{Doors, Venue};
use std::sync::Arc;

/// A terminal whose token was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// The venue at which it stands.
    pub venue: VenueId,
}

impl Terminal {
    /// The terminal that the claims name.
    pub fn of(claims: &Claims) -> Result<Self, Refusal> {
        match (claims.role, claims.venue) {
            (Role::Terminal, Some(venue)) => Ok(Self { venue }),
            (Role::Terminal | Role::Authority | Role::Tracer | Role::Operator, _) => Err(Refusal::RoleWrong),
        }
    }

    /// Verifies an `authorization` header. A missing header means a scan without a terminal.
    pub fn of_header(
        header: Option<&[u8]>,
        tables: &Tables,
        now: Timestamp,
    ) -> Result<Option<Self>, Refusal> {
        let Some(header) = header else { return Ok(None) };
        let token = std::str::from_utf8(header).ok().and_then(bearer).ok_or(Refusal::TokenInvalid)?;
        let claims = tables.tokens.verify(token, now)?;
        Self::of(&claims).map(Some).map_err(|_| tables.tokens.refuse_role(&claims, now))
    }
}

/// The token of a `Bearer` header; the scheme's case does not matter (RFC 9110 section 11.1).
#[must_use]
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' '))
}

/// A person whose code is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticPerson {
    pub(super) person: PersonId,
    pub(super) step: Step,
    pub(super) mode: Mode,
    /// The person's record as it was when the code was verified; of another city's certificate, what the rule
    /// pack makes of it.
    pub(super) record: PackedPerson,
}

/// A scan whose codes are all genuine and valid at its time.
pub struct AuthenticScan {
    pub(super) venue: Arc<KnownVenue>,
    pub(super) people: People<AuthenticPerson>,
    pub(super) direction: Direction,
    pub(super) door: DoorWork,
    pub(super) at: Timestamp,
}

/// The time of a scan, and the state by which its codes are checked.
#[derive(Debug, Clone, Copy)]
enum ScanTime {
    /// The scan is made now, by the present state.
    Now(Timestamp),
    /// The scan was made at this time, by the state of then.
    Late(Timestamp),
}

impl ScanTime {
    const fn at(self) -> Timestamp {
        match self {
            Self::Now(at) | Self::Late(at) => at,
        }
    }

    /// The rule pack of the time.
    fn policy(self, tables: &Tables) -> Arc<PublishedPolicy> {
        match self {
            Self::Now(_) => Guard::into_inner(tables.policies.in_force()),
            Self::Late(at) => tables.policies.as_of(at),
        }
    }

    const fn kids(self) -> KidScope {
        match self {
            Self::Now(_) => KidScope::Present,
            Self::Late(at) => KidScope::AsOf(at),
        }
    }

    fn doors(self, venue: &Venue) -> Doors {
        match self {
            Self::Now(_) => venue.doors,
            Self::Late(at) => venue.doors_at(at),
        }
    }
}

/// Authenticates a scan that was made now.
pub fn authenticate(
    scan: Scan,
    terminal: Option<&Terminal>,
    tables: &Tables,
    now: Timestamp,
) -> Result<AuthenticScan, Refusal> {
    if scan.at.is_some() || scan.outcome.is_some() {
        return Err(Refusal::Malformed("at and outcome are accepted only by /v1/check-ins/batch"));
    }
    authenticate_at(scan, terminal, tables, ScanTime::Now(now))
}

/// Authenticates a scan that a terminal made while its link was down. The codes must have been valid at
/// the scan's own time, which lies within the last 72 hours. The venue and the kids are those of that time.
pub fn authenticate_late(
    scan: Scan,
    terminal: &Terminal,
    tables: &Tables,
    now: Timestamp,
) -> Result<AuthenticScan, Refusal> {
    let at = scan.at.ok_or(Refusal::Malformed("at is missing"))?;
    if at > now.plus_ms(limits::AHEAD_MS_MAX) {
        return Err(Refusal::ClockOff("at lies in the future; server_time is the gateway's clock"));
    }
    if now.since_ms(at) > limits::LATE_MS_MAX {
        return Err(Refusal::ClockOff("at is more than 72 hours ago; server_time is the gateway's clock"));
    }
    authenticate_at(scan, Some(terminal), tables, ScanTime::Late(at))
}

fn authenticate_at(
    scan: Scan,
    terminal: Option<&Terminal>,
    tables: &Tables,
    time: ScanTime,
) -> Result<AuthenticScan, Refusal> {
    let needs_staff = match scan.holder {
        Holder::Person(_) => !scan.door.is_none(),
        Holder::Pass(_) | Holder::Certificate(_) => true,
    };
    if terminal.is_none() && needs_staff {
        return Err(Refusal::TokenInvalid);
    }
    let (venue, venue_mode) = venue(scan.venue, terminal, tables, time)?;
    let holder = match scan.holder {
        Holder::Person(code) => person(&code, tables, time, venue_mode)?,
        Holder::Pass(pass) => paper(&pass, tables, time)?,
        Holder::Certificate(presented) => visitor(*presented, tables, time)?,
    };
    let companions = scan
        .companions
        .iter()
        .map(|code| person(code, tables, time, Mode::Proxy))
        .collect::<Result<_, _>>()?;
    let people = People { holder, companions };
    Ok(AuthenticScan { venue, people, direction: scan.direction, door: scan.door, at: time.at() })
}

/// Authenticates the code that a terminal looks up. The terminal's venue may be closed.
///
/// **Errors**: in this order, the code's seal, its step, the venue.
pub(super) fn authenticate_look_up(
    code: &PersonCode,
    terminal: &Terminal,
    tables: &Tables,
    now: Timestamp,
) -> Result<(AuthenticPerson, Arc<KnownVenue>), Refusal> {
    let authentic = person(code, tables, ScanTime::Now(now), Mode::Terminal)?;
    Ok((authentic, known_venue(terminal.venue, tables)?))
}

/// The ticket for the venue's code with which a page was opened; none for a code that does not expire, nor
/// for a ticket. **Errors**: the code opens no venue now.
pub fn ticket_for(text: &str, tables: &Tables, now: Timestamp) -> Result<Option<VenueTicket>, Refusal> {
    let code = VenueCode::parse(text.as_bytes()).map_err(|_| Refusal::VenueCodeInvalid)?;
    venue(Some(code), None, tables, ScanTime::Now(now))?;
    Ok(match code {
        VenueCode::Door(code) => Some(tables.keyring.ticket(&code, Step::of(now))),
        VenueCode::Poster(_) | VenueCode::Ticket(_) => None,
    })
}

/// The person of a code that is genuine and valid now, as at a door.
pub fn authenticate_code(text: &str, tables: &Tables, now: Timestamp) -> Result<PersonId, Refusal> {
    let code = PersonCode::parse(text.as_bytes()).map_err(|_| Refusal::PersonCodeInvalid)?;
    person(&code, tables, ScanTime::Now(now), Mode::Terminal).map(|authentic| authentic.person)
}

fn person(
    code: &PersonCode,
    tables: &Tables,
    time: ScanTime,
    mode: Mode,
) -> Result<AuthenticPerson, Refusal> {
    let record = tables.colours.look_up(code.person());
    if record.is_erased() {
        return Err(Refusal::PersonErased);
    }
    let generation = match time {
        ScanTime::Now(_) => record.generation(),
        ScanTime::Late(at) => tables.key_histories.at(code.person(), at).generation,
    };
    if !tables.keyring.has_sealed(code, generation, time.kids()) {
        return Err(Refusal::PersonCodeInvalid);
    }
    if !code.step().is_valid_at(time.at()) {
        return Err(Refusal::PersonCodeExpired);
    }
    Ok(AuthenticPerson { person: code.person(), step: code.step(), mode, record })
}

fn paper(pass: &PaperPass, tables: &Tables, time: ScanTime) -> Result<AuthenticPerson, Refusal> {
    let record = tables.colours.look_up(pass.person());
    if record.is_erased() {
        return Err(Refusal::PersonErased);
    }
    let as_of = match time {
        ScanTime::Now(_) => Timestamp::MAX,
        ScanTime::Late(at) => at,
    };
    let state = tables.key_histories.at(pass.person(), as_of);
    let key = tables.keyring.passes(pass.kid(), state, time.kids()).ok_or(Refusal::PersonCodeInvalid)?;
    pass.verify(&key).map_err(|_| Refusal::PersonCodeInvalid)?;
    if !pass.is_valid_on(tables.policies.in_force().policy.calendar().day(time.at())) {
        return Err(Refusal::PersonCodeExpired);
    }
    let (person, step) = (pass.person(), Step::of(time.at()));
    Ok(AuthenticPerson { person, step, mode: Mode::PaperPass, record })
}

/// The subject of another city's certificate. Whose certificate it is, the staff see from the document.
fn visitor(
    presented: PresentedCertificate,
    tables: &Tables,
    time: ScanTime,
) -> Result<AuthenticPerson, Refusal> {
    let (published, at) = (time.policy(tables), time.at());
    let certificate = published.policy.verify(presented, at).map_err(Refusal::CertificateUntrusted)?;
    let record = PackedPerson::of(published.policy.standing_by(&certificate, at));
    Ok(AuthenticPerson {
        person: certificate.pseudonym(),
        step: Step::of(at),
        mode: Mode::Certificate,
        record,
    })
}

/// The venue, and the mode of a person's own scan there. A terminal's token names its venue; a venue code
/// in the same scan must name that venue too.
fn venue(
    code: Option<VenueCode>,
    terminal: Option<&Terminal>,
    tables: &Tables,
    time: ScanTime,
) -> Result<(Arc<KnownVenue>, Mode), Refusal> {
    let scanned = code.map(|code| scanned_venue(&code, tables, time)).transpose()?;
    let (known, mode) = match (terminal, scanned) {
        (Some(terminal), Some((known, _))) if terminal.venue != known.venue.id => {
            return Err(Refusal::VenueCodeInvalid);
        }
        (Some(_), Some((known, _))) => (known, Mode::Terminal),
        (Some(terminal), None) => (known_venue(terminal.venue, tables)?, Mode::Terminal),
        (None, Some(scanned)) => scanned,
        (None, None) => return Err(Refusal::Malformed("venue is missing")),
    };
    match time.doors(&known.venue) {
        Doors::Open => Ok((known, mode)),
        Doors::Closed => Err(Refusal::VenueClosed),
    }
}

fn known_venue(id: VenueId, tables: &Tables) -> Result<Arc<KnownVenue>, Refusal> {
    tables.venues.get(id).ok_or(Refusal::VenueCodeInvalid)
}

fn scanned_venue(
    code: &VenueCode,
    tables: &Tables,
    time: ScanTime,
) -> Result<(Arc<KnownVenue>, Mode), Refusal> {
    match code {
        VenueCode::Poster(code) => poster(code, tables, time).map(|known| (known, Mode::Poster)),
        VenueCode::Door(code) => Ok((known_venue(door(code, tables, time)?, tables)?, Mode::Door)),
        // For ten minutes a ticket can be passed on like the picture of a poster, and proves no more.
        VenueCode::Ticket(code) => Ok((known_venue(ticket(code, tables, time)?, tables)?, Mode::Poster)),
    }
}

/// The venue of a poster. A poster hangs for months, so a code is only compared with the last one
/// verified at its venue.
fn poster(code: &PosterCode, tables: &Tables, time: ScanTime) -> Result<Arc<KnownVenue>, Refusal> {
    let known = known_venue(code.venue(), tables)?;
    if known.has_verified(code) {
        let is_accepted = tables.keyring.accepts(code.kid(), time.kids());
        return if is_accepted { Ok(known) } else { Err(Refusal::VenueCodeInvalid) };
    }
    let key = tables.keyring.server(code.kid(), time.kids()).ok_or(Refusal::VenueCodeInvalid)?;
    code.verify(&key).map_err(|_| Refusal::VenueCodeInvalid)?;
    known.remember(*code);
    Ok(known)
}

fn door(code: &DoorCode, tables: &Tables, time: ScanTime) -> Result<VenueId, Refusal> {
    let key = tables.keyring.door(code.kid(), code.venue(), code.door(), time.kids());
    let key = key.ok_or(Refusal::VenueCodeInvalid)?;
    code.verify(&key).map_err(|_| Refusal::VenueCodeInvalid)?;
    if code.step().is_valid_at(time.at()) { Ok(code.venue()) } else { Err(Refusal::VenueCodeExpired) }
}

fn ticket(code: &VenueTicket, tables: &Tables, time: ScanTime) -> Result<VenueId, Refusal> {
    let key = tables.keyring.server(code.kid(), time.kids()).ok_or(Refusal::VenueCodeInvalid)?;
    code.verify(&key).map_err(|_| Refusal::VenueCodeInvalid)?;
    if code.is_valid_at(time.at()) { Ok(code.venue()) } else { Err(Refusal::VenueCodeExpired) }
}
