//! Every bound of the rules in one place. The compiler checks the relations between them. In each name the
//! big word comes first and the unit last.

/// The length of a step of a changing code, in milliseconds.
pub const STEP_MS: u64 = 30_000;
/// The time before its step at which a code is already valid, in milliseconds: phones' clocks run a little
/// fast.
pub const STEP_EARLY_MS: u64 = 10_000;
/// The total validity of a code, in milliseconds. The gateway remembers a check-in for this long, to answer a
/// repeated request.
pub const STEP_VALID_MS: u64 = STEP_EARLY_MS + 2 * STEP_MS;

/// The time for which a ticket stands for the door code that it was issued for, in steps. Somebody registers
/// meanwhile.
pub const TICKET_STEPS: u32 = 20;

/// The body of a check-in, in bytes.
pub const SCAN_BYTES_MAX: usize = 4_096;
/// Companions of the person who scans.
pub const COMPANIONS_MAX: usize = 8;
/// The length of a code as text: the longest is 34 bytes, 46 characters.
pub const CODE_CHARS_MAX: usize = 64;

/// The default for the check-ins of one person within a step.
pub const PERSON_CHECK_INS_MAX: u8 = 250;

/// The lowest temperature that a terminal may send, in hundredths of a degree Celsius.
pub const TEMPERATURE_CENTI_MIN: u16 = 3_000;
/// The highest temperature that a terminal may send, in hundredths of a degree Celsius.
pub const TEMPERATURE_CENTI_MAX: u16 = 4_500;

/// The maximum age of a scan that a terminal made offline, in milliseconds.
pub const LATE_MS_MAX: u64 = 72 * 3_600_000;
/// The time after a scan in which the staff may complete its checks, in milliseconds.
pub const LATER_CHECK_MS_MAX: u64 = 15 * 60_000;
/// The maximum lead of a time in a request over the server's clock, in milliseconds.
pub const AHEAD_MS_MAX: u64 = STEP_EARLY_MS;

/// Rules of a pack. Each is one bit of a 64-bit number. In a check-in the other bits are the door's own
/// reasons, in the colour table they are the person's colour and key generation.
pub const RULES_MAX: usize = 53;

/// The window in which every code sent to a phone is the same, in milliseconds. A code is also valid in the
/// next window: a text message takes seconds, and typing the code in takes a minute or two.
pub const SMS_WINDOW_MS: u64 = 5 * 60_000;

/// The default length of a visit without a check-out, in minutes.
pub const DWELL_MINUTES: u16 = 60;
/// The longest dwell of a venue, in minutes: a day.
pub const DWELL_MINUTES_MAX: u16 = 24 * 60;

/// A venue's or person's name, in bytes of UTF-8.
pub const NAME_BYTES_MAX: usize = 200;

/// The lines of a published list of areas.
pub const AREA_LINES_MAX: usize = 2_000;

/// A notice's text in one language, in bytes of UTF-8.
pub const NOTICE_BYTES_MAX: usize = 1_000;
/// Notices in force at the same time: every phone loads them with its overview.
pub const NOTICES_MAX: usize = 10;

/// A declaration, an appeal, a question or an answer, in bytes of UTF-8.
pub const PAPER_BYTES_MAX: usize = 4_000;
/// Papers of one person a local day: declarations, arrivals, appeals and questions.
pub const PAPERS_A_DAY_MAX: u64 = 20;
/// Symptoms in a declaration: every kind once.
pub const STATED_SYMPTOMS_MAX: usize = 6;
/// Stays in a declaration. One declaration has room for all stays and contacts in words.
pub const STATED_STAYS_MAX: usize = 10;
/// Contacts in a declaration.
pub const STATED_CONTACTS_MAX: usize = 10;
/// Daily reports of one person a local day. One counts; later ones may name new symptoms.
pub const REPORTS_A_DAY_MAX: u64 = 20;
/// The shortest slot of a test site, in minutes: a day has 288 of them.
pub const SLOT_MINUTES_MIN: u16 = 5;
/// People who may book one slot of a test site.
pub const SLOT_PLACES_MAX: u16 = 500;
/// The local days for which a test may be booked, including today.
pub const BOOKING_DAYS: u16 = 7;
/// Bookings of one person a local day, including cancelled ones.
pub const BOOKINGS_A_DAY_MAX: u64 = 20;
/// The longest validity of a paper pass, in days.
pub const PASS_DAYS_MAX: u16 = 90;
/// The length of another city's certificate as text.
pub const CERTIFICATE_CHARS_MAX: usize = 2_048;

/// The hops of a co-presence question.
pub const HOPS_MAX: u8 = 3;
/// The hops for which a tracer needs no second approver.
pub const HOPS_ALONE_MAX: u8 = 2;
/// The default retention of trails, in days.
pub const RETENTION_DAYS: u16 = 14;
/// The days for which a resident can see their own visits.
pub const ITINERARY_DAYS: u16 = 14;
/// Persons in one answer to a tracer.
pub const CONTACTS_MAX: usize = 100_000;

/// The length of a bearer token as text.
pub const TOKEN_CHARS_MAX: usize = 1_024;

const _: () = assert!(STEP_EARLY_MS < STEP_MS);
const _: () = assert!(AHEAD_MS_MAX < LATE_MS_MAX);
const _: () = assert!(HOPS_ALONE_MAX < HOPS_MAX);
const _: () = assert!(DWELL_MINUTES <= DWELL_MINUTES_MAX);
// The two highest bits are a fever at the door and the review of an application.
const _: () = assert!(RULES_MAX <= 62);
const _: () = assert!((COMPANIONS_MAX + 2) * CODE_CHARS_MAX < SCAN_BYTES_MAX);
