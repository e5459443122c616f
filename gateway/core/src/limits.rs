//! Every bound of the rules in one place, with the relations between them asserted when this compiles.
//! Big word first, unit last.

/// How long a step of a changing code is, in milliseconds.
pub const STEP_MS: u64 = 30_000;
/// How early a code of a step is taken, in milliseconds: phones run a little fast.
pub const STEP_EARLY_MS: u64 = 10_000;
/// How long after its step began a code can still be taken, and so how long a check-in is remembered for
/// a repeated request.
pub const STEP_VALID_MS: u64 = STEP_EARLY_MS + 2 * STEP_MS;

/// The body of a check-in.
pub const SCAN_BYTES_MAX: usize = 4_096;
/// Persons who come in with the one who scans.
pub const COMPANIONS_MAX: usize = 8;
/// The length of a code as text: the longest is 34 bytes, 46 characters.
pub const CODE_CHARS_MAX: usize = 64;

/// Check-ins that a person may make within a step unless configured otherwise.
pub const PERSON_CHECK_INS_MAX: u8 = 250;

/// Temperatures that a terminal may send, in hundredths of a degree Celsius.
pub const TEMPERATURE_CENTI_MIN: u16 = 3_000;
/// See [`TEMPERATURE_CENTI_MIN`].
pub const TEMPERATURE_CENTI_MAX: u16 = 4_500;

/// How old a scan made without a link may be.
pub const LATE_MS_MAX: u64 = 72 * 3_600_000;
/// How far ahead of the server's clock a time in a request may be.
pub const AHEAD_MS_MAX: u64 = STEP_EARLY_MS;

/// Rules of a pack: as many as fit beside the door's own reasons in the bits of one number.
pub const RULES_MAX: usize = 56;

/// How long every code sent to a phone is the same, in milliseconds. It is good in the window after, too: a
/// text message takes seconds, its reader a minute or two.
pub const SMS_WINDOW_MS: u64 = 5 * 60_000;

/// A visit ends after this unless the venue says otherwise, in minutes.
pub const DWELL_MINUTES: u16 = 60;
/// The longest dwell a venue may say, in minutes: a day.
pub const DWELL_MINUTES_MAX: u16 = 24 * 60;

/// A venue's or person's name, in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 200;

/// A declaration, an appeal, a question or an answer, in bytes of UTF-8.
pub const PAPER_BYTES_MAX: usize = 4_000;
/// Papers that somebody may hand in a local day: declarations, arrivals, appeals and questions.
pub const PAPERS_A_DAY_MAX: u64 = 20;
/// Daily reports that somebody may send a local day: one counts, later ones may name new symptoms.
pub const REPORTS_A_DAY_MAX: u64 = 20;
/// The shortest slot of a test site, in minutes: a day has 288 of them.
pub const SLOT_MINUTES_MIN: u16 = 5;
/// People who may book one slot of a test site.
pub const SLOT_PLACES_MAX: u16 = 500;
/// For how many local days ahead a test may be booked, today being the first.
pub const BOOKING_DAYS: u16 = 7;
/// Times that somebody may book a local day, those cancelled again among them.
pub const BOOKINGS_A_DAY_MAX: u64 = 20;
/// For how long a paper pass may be printed, in days.
pub const PASS_DAYS_MAX: u16 = 90;
/// A certificate of another city, as text.
pub const CERTIFICATE_CHARS_MAX: usize = 2_048;

/// How far a co-presence question may go.
pub const HOPS_MAX: u8 = 2;
/// How long trails are kept unless configured otherwise, in days.
pub const RETENTION_DAYS: u16 = 14;
/// Days for which a resident is shown where they stayed.
pub const ITINERARY_DAYS: u16 = 14;
/// Persons in one answer to a tracer.
pub const CONTACTS_MAX: usize = 100_000;

/// A bearer token as text.
pub const TOKEN_CHARS_MAX: usize = 1_024;

const _: () = assert!(STEP_EARLY_MS < STEP_MS);
const _: () = assert!(AHEAD_MS_MAX < LATE_MS_MAX);
const _: () = assert!(DWELL_MINUTES <= DWELL_MINUTES_MAX);
const _: () = assert!(RULES_MAX < 64);
const _: () = assert!((COMPANIONS_MAX + 2) * CODE_CHARS_MAX < SCAN_BYTES_MAX);
