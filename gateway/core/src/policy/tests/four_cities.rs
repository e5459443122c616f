//! TEST-0: the same forty residents under four packs. No line of code differs between the vectors.

use super::city::{Record, admitted, door, pack};
use crate::colour::Colour::{self, Green, Red, Yellow};
use crate::colour::Verdict::{self, Check, Pass, Refuse};
use crate::scan::DoorWork;
use crate::venue::VenueKind::Mall;

/// Records as they stand on a day; each is that of four residents, who come to the door after different work.
const RECORDS: [(&str, [Colour; 4]); 10] = [
    // Xuzhou, Xinji, Nanchong, Jingzhou.
    ("", [Green, Green, Green, Green]),
    (r#""kind":"confirmed""#, [Red, Red, Red, Red]),
    (r#""kind":"close-contact""#, [Red, Red, Red, Yellow]),
    (r#""kind":"symptoms","which":["fever"]"#, [Green, Yellow, Yellow, Red]),
    (r#""kind":"stay","area":"420100""#, [Green, Red, Red, Green]),
    (r#""kind":"stay","area":"FR""#, [Green, Yellow, Yellow, Green]),
    (r#""kind":"discharged""#, [Green, Green, Red, Green]),
    (r#""kind":"quarantine","place":"central","re_examined":false"#, [Red, Red, Red, Yellow]),
    (r#""kind":"ordered","measure":"test-due""#, [Yellow, Yellow, Yellow, Green]),
    (r#""kind":"false-declaration""#, [Green, Red, Green, Green]),
];

/// What was done at the door for each of four: nothing, temperature, that and the document, all.
fn works() -> [DoorWork; 4] {
    [
        door(None, false, false),
        door(Some(36.6), false, false),
        door(Some(36.6), true, false),
        door(Some(36.6), true, true),
    ]
}

/// The verdicts of a city for green, yellow and red after each work.
const VERDICTS: [(&str, [[Verdict; 4]; 3]); 4] = [
    ("xuzhou", [[Pass, Pass, Pass, Pass], [Refuse; 4], [Refuse; 4]]),
    ("xinji", [[Check, Check, Pass, Pass], [Refuse; 4], [Refuse; 4]]),
    ("nanchong", [[Check, Pass, Pass, Pass], [Check, Check, Check, Pass], [Refuse; 4]]),
    ("jingzhou", [[Check, Pass, Pass, Pass], [Refuse; 4], [Refuse; 4]]),
];

#[test]
fn test_0_forty_residents_four_packs_four_vectors() {
    for (city, (name, verdicts)) in VERDICTS.iter().enumerate() {
        let pack = pack(name);
        for (fact, colours) in RECORDS {
            let record = if fact.is_empty() { Record::default() } else { Record::default().fact(-5, fact) };
            let colour = record.colour(&pack, 0);
            assert_eq!(colour, colours[city], "{name}: {fact}");
            for (work, &door) in works().iter().enumerate() {
                let (verdict, _) = admitted(&pack, colour, Mall, door);
                assert_eq!(verdict, verdicts[colour as usize - 1][work], "{name}: {colour:?} {door:?}");
            }
        }
    }
}

#[test]
fn every_pack_is_without_faults_and_every_rule_says_what_clears_it() {
    for name in crate::policy::Policy::BUILTIN {
        for rule in pack(name).rules() {
            assert!(!rule.text.is_empty() && !rule.clears.is_empty(), "{name}: {}", rule.id);
        }
    }
}

/// What somebody declares of themselves, and what is matched from elsewhere.
const DECLARED: &str = r#""kind":"symptoms","which":["fever"]"#;
const MATCHED: &str = r#""kind":"close-contact""#;

#[test]
fn xj_01_and_hb_01_a_colour_follows_from_what_is_declared_and_what_is_matched() {
    for (city, declared, matched, both) in [("xinji", Yellow, Red, Red), ("jingzhou", Red, Yellow, Red)] {
        let pack = pack(city);
        let of = |facts: &[&str]| {
            facts.iter().fold(Record::default(), |record, fact| record.fact(0, fact)).colour(&pack, 0)
        };
        assert_eq!(of(&[]), Green, "{city}");
        assert_eq!((of(&[DECLARED]), of(&[MATCHED])), (declared, matched), "{city}");
        assert_eq!((of(&[DECLARED, MATCHED]), of(&[MATCHED, DECLARED])), (both, both), "{city}");
    }
}

#[test]
fn xz_19_no_pack_marks_anybody_with_an_asterisk() {
    for name in crate::policy::Policy::BUILTIN {
        let pack = pack(name);
        let words = pack.rules().iter().flat_map(|rule| [&rule.id, &rule.text, &rule.clears]);
        assert!(words.chain([&pack.title().to_owned()]).all(|text| !text.contains(['*', '＊'])), "{name}");
    }
}
