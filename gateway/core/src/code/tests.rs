use super::*;
use crate::keys::{Generation, KeyState, MasterKey, Secret};
use crate::policy::Calendar;
use crate::time::{DAY_MS, HOUR_MS, Timestamp};
use proptest::prelude::*;

const KID: Kid = Kid(1);
const PERSON: PersonId = PersonId(0x0123_4567_89ab_cdef);
const VENUE: VenueId = VenueId(0xfedc_ba98_7654_3210);
const STEP: Step = Step(54_709_440);
const PERSON_CODE: &str = "AQEBI0VniavN7wNCzMAe3n2Mq7okni5LDrnBsVMA";
const RESIDENT_TOKEN: &str = "AgEBI0VniavN7wNCzMCZDHSDIts2plKADCwq1gJP";
const PAPER_PASS: &str = "AwEBI0VniavN7wAASjhTVgqvJSEkNYzKTicH2B7x";
const PERSON_KEY_3: &str = "ac67e4f2b1452458a79ab3d760c187b4ac9d959b9d2b51022c76bd10ff66b971";
const PERSON_CODE_3: &str = "AQEBI0VniavN7wNCzMBKl6CRIHbufwcX0LS0Ra4H";
const PAPER_PASS_3: &str = "AwEBI0VniavN7wAASjgIpYH4Mw_gTeAcotgTueO-";
const PAPER_PASS_3_REVOKED: &str = "AwEBI0VniavN7wAASjhtk_xvUq5NdrvyBkWOASSI";
const PAPER_PASS_REVOKED: &str = "AwEBI0VniavN7wAASjgD9fs7lQveui6REzabOey8";
const POSTER_CODE: &str = "EQH-3LqYdlQyEAAHN3l10ahRGSfZ7mXfW8JBzQ";
const DOOR_CODE: &str = "EgH-3LqYdlQyEAADA0LMwET4azmDmikvIp6Kvd2jXoo";

fn master() -> MasterKey {
    let secret: Vec<u8> = (0..32).collect();
    Secret::new(&secret).unwrap().master(KID)
}

fn state(generation: u8, pass_revocations: u8) -> KeyState {
    KeyState { generation: Generation(generation), pass_revocations }
}

fn pass(generation: u8, pass_revocations: u8) -> PaperPass {
    PaperPass::seal(KID, PERSON, 19_000, &master().server().pass(state(generation, pass_revocations)))
}

/// Vectors for other implementations: the secret is the bytes 0 to 31, the kid is 1. `tests/vectors/codes.py`
/// computes the same vectors with another HMAC implementation.
#[test]
fn golden_vectors() {
    let master = master();
    let person = master.person(PERSON, Generation(0));
    let third = master.person(PERSON, Generation(3));
    let door = master.door(VENUE, 3);
    for (text, golden) in [
        (PersonCode::seal(KID, PERSON, STEP, &person).text(), PERSON_CODE),
        (ResidentToken::seal(KID, PERSON, STEP, &person).text(), RESIDENT_TOKEN),
        (PersonCode::seal(KID, PERSON, STEP, &third).text(), PERSON_CODE_3),
        (pass(0, 0).text(), PAPER_PASS),
        (pass(3, 0).text(), PAPER_PASS_3),
        (pass(3, 1).text(), PAPER_PASS_3_REVOKED),
        (pass(0, 1).text(), PAPER_PASS_REVOKED),
        (PosterCode::seal(KID, VENUE, 7, &master.server()).text(), POSTER_CODE),
        (DoorCode::seal(KID, VENUE, 3, STEP, &door).text(), DOOR_CODE),
    ] {
        assert_eq!(text, golden);
    }
    let hex: String = third.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, PERSON_KEY_3);
}

#[test]
fn a_pass_opens_under_its_own_state_alone() {
    let states = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0)];
    for (generation, revoked) in states {
        for (other, other_revoked) in states {
            let key = master().server().pass(state(other, other_revoked));
            let is_same = (generation, revoked) == (other, other_revoked);
            assert_eq!(pass(generation, revoked).verify(&key).is_ok(), is_same);
        }
    }
}

#[test]
fn a_code_says_what_was_sealed_and_only_its_key_opens_it() {
    let master = master();
    let code = DoorCode::seal(KID, VENUE, 3, STEP, &master.door(VENUE, 3));
    let read = DoorCode::parse(code.text().as_bytes()).unwrap();
    assert_eq!((read.kid(), read.venue(), read.door(), read.step()), (KID, VENUE, 3, STEP));
    assert_eq!(read.verify(&master.door(VENUE, 3)), Ok(()));
    assert_eq!(read.verify(&master.door(VENUE, 4)), Err(SealError));
    assert_eq!(VenueCode::parse(code.text().as_bytes()).unwrap().venue(), VENUE);
    assert_eq!(PosterCode::parse(code.text().as_bytes()), Err(CodeError));
}

#[test]
fn a_ticket_ends_ten_minutes_after_the_step_of_its_issue() {
    let key = master().server();
    let ticket = VenueTicket::seal(KID, VENUE, 3, STEP, &key);
    let read = VenueTicket::parse(ticket.text().as_bytes()).unwrap();
    assert_eq!(VenueCode::parse(ticket.text().as_bytes()), Ok(VenueCode::Ticket(read)));
    assert_eq!((read.venue(), read.door(), read.step(), read.verify(&key)), (VENUE, 3, STEP, Ok(())));
    let end = STEP.start().plus_ms(30_000 + 600_000);
    assert_eq!(read.expires(), end);
    assert!(read.is_valid_at(STEP.start()) && read.is_valid_at(end.minus_ms(1)));
    assert!(!read.is_valid_at(end) && !read.is_valid_at(STEP.start().minus_ms(10_001)));
    // A ticket is sealed for itself: as a door's code it opens nothing.
    let mut bytes = ticket.0.0;
    bytes[0] = 0x12;
    let forged = DoorCode::parse(URL_SAFE_NO_PAD.encode(bytes).as_bytes()).unwrap();
    assert_eq!(forged.verify(&master().door(VENUE, 3)), Err(SealError));
}

#[test]
fn a_person_code_is_no_resident_token() {
    let key = master().person(PERSON, Generation(0));
    let code = PersonCode::seal(KID, PERSON, STEP, &key);
    assert_eq!(ResidentToken::parse(code.text().as_bytes()), Err(CodeError));
    let mut bytes = code.0.0;
    bytes[0] = 0x02;
    let forged = ResidentToken::parse(URL_SAFE_NO_PAD.encode(bytes).as_bytes()).unwrap();
    assert_eq!(forged.verify(&key), Err(SealError));
}

#[test]
fn every_flipped_bit_is_refused() {
    let master = master();
    for number in 0..1_000_u64 {
        let person = PersonId(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let key = master.person(person, Generation(0));
        let sealed = PersonCode::seal(KID, person, STEP, &key).0.0;
        for bit in 0..sealed.len() * 8 {
            let mut bytes = sealed;
            bytes[bit / 8] ^= 1 << (bit % 8);
            let text = URL_SAFE_NO_PAD.encode(bytes);
            let accepted = PersonCode::parse(text.as_bytes()).is_ok_and(|code| {
                code.verify(&master.person(code.person(), Generation(0))).is_ok() && code.kid() == KID
            });
            assert!(!accepted, "bit {bit} of person {number}");
        }
    }
}

#[test]
fn one_spelling_only() {
    let code = PosterCode::seal(KID, VENUE, 7, &master().server()).text();
    let mut spare = code.clone();
    let last = spare.pop().unwrap();
    spare.push(char::from(last as u8 + 1));
    for other in [format!("{code}="), format!("{code}A"), code.replace(['-', '_'], "+"), spare, String::new()]
    {
        if other != code {
            assert_eq!(PosterCode::parse(other.as_bytes()), Err(CodeError), "{other}");
        }
    }
}

#[test]
fn a_pass_ends_with_its_local_day() {
    let pass = pass(0, 0);
    let calendar = Calendar::of_zone("Asia/Shanghai").unwrap();
    // Midnight in Shanghai is 16:00 in UTC.
    let midnight = Timestamp(19_001 * DAY_MS - 8 * HOUR_MS);
    assert!(pass.is_valid_on(calendar.day(midnight.minus_ms(1))));
    assert!(!pass.is_valid_on(calendar.day(midnight)));
    assert_eq!(calendar.midnight_after(midnight.minus_ms(1), 1), midnight);
}

proptest! {
    #[test]
    fn bytes_never_panic(text: Vec<u8>) {
        let _ = PersonCode::parse(&text);
        let _ = VenueCode::parse(&text);
    }

    #[test]
    fn round_trips(person: u64, step: u32) {
        let key = master().person(PersonId(person), Generation(0));
        let code = PersonCode::seal(KID, PersonId(person), Step(step), &key);
        let read = PersonCode::parse(code.text().as_bytes()).unwrap();
        prop_assert_eq!(read, code);
        prop_assert_eq!(read.verify(&key), Ok(()));
    }
}
