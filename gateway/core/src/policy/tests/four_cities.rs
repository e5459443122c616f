//! TEST-0: the same forty residents under four packs. No line of code differs between the vectors.

use super::city::{PersonRecord, admitted, day, door, pack, withdrawn};
use crate::colour::Colour::{self, Green, Red, Yellow};
use crate::colour::Verdict::{self, Check, Pass, Refuse};
use crate::id::FactId;
use crate::scan::DoorWork;
use crate::venue::VenueKind::Mall;

/// Records as they stand on a day. Each belongs to four residents, at whose check-in the staff did different
/// checks.
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

/// The checks at the door for each of the four: none, temperature, temperature and document, all.
fn works() -> [DoorWork; 4] {
    [
        door(None, false, false),
        door(Some(36.6), false, false),
        door(Some(36.6), true, false),
        door(Some(36.6), true, true),
    ]
}

/// The verdicts of a city for green, yellow and red after each set of checks.
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
            let record = if fact.is_empty() {
                PersonRecord::default()
            } else {
                PersonRecord::default().fact(-5, fact)
            };
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
            for words in [&rule.text, &rule.clears] {
                assert!(!words.lacks_a_language() && words.zh != words.en, "{name}: {}", rule.id);
            }
        }
    }
}

/// A person's own declaration, and data matched from other sources.
const DECLARED: &str = r#""kind":"symptoms","which":["fever"]"#;
const MATCHED: &str = r#""kind":"close-contact""#;

#[test]
fn xj_01_and_hb_01_a_colour_follows_from_what_is_declared_and_what_is_matched() {
    for (city, declared, matched, both) in [("xinji", Yellow, Red, Red), ("jingzhou", Red, Yellow, Red)] {
        let pack = pack(city);
        let of = |facts: &[&str]| {
            facts.iter().fold(PersonRecord::default(), |record, fact| record.fact(0, fact)).colour(&pack, 0)
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
        let told = |rule: &crate::policy::Rule| {
            let [text, clears] = [&rule.text, &rule.clears].map(|words| format!("{words:?}"));
            [rule.id.clone(), text, clears]
        };
        let words = pack.rules().iter().flat_map(told);
        assert!(words.chain([pack.title().to_owned()]).all(|text| !text.contains(['*', '＊'])), "{name}");
    }
}

#[test]
fn a_release_that_names_a_fact_ends_that_one_alone() {
    let naming = |fact: u64| format!(r#","of":"{}""#, FactId(fact));
    for ending in ["released", "ruled-out"] {
        for (of, colours) in [
            // Xuzhou, Xinji, Nanchong, Jingzhou. Nanchong's red is kept until reports are in.
            (String::new(), [Green, Green, Red, Green]),
            (naming(1), [Red, Red, Red, Red]),
            (naming(2), [Red, Red, Red, Yellow]),
            // Some other person's.
            (naming(9), [Red, Red, Red, Red]),
        ] {
            let record = PersonRecord::default()
                .fact(-6, r#""kind":"close-contact""#)
                .fact(-2, r#""kind":"confirmed""#)
                .fact(-1, &format!(r#""kind":"{ending}"{of}"#));
            for ((name, _), colour) in VERDICTS.iter().zip(colours) {
                assert_eq!(record.colour(&pack(name), 0), colour, "{name}: {ending} {of}");
            }
        }
    }
}

#[test]
fn hong_kong_macau_and_taiwan_are_one_place_each_however_they_are_written() {
    for area in ["HK", "810000", "MO", "820000", "TW", "710000"] {
        let stay = PersonRecord::default().fact(-5, &format!(r#""kind":"stay","area":"{area}""#));
        for ((name, _), colour) in VERDICTS.iter().zip([Green, Yellow, Yellow, Green]) {
            assert_eq!(stay.colour(&pack(name), 0), colour, "{name}: {area}");
        }
    }
}

#[test]
fn xz_08_in_a_replay_a_fact_counts_until_it_was_withdrawn() {
    for name in crate::policy::Policy::BUILTIN {
        let pack = pack(name);
        let mut record = PersonRecord::default().learnt(0, 1, r#""kind":"confirmed""#);
        for (at, colours) in
            [(Some(day(5)), [Green, Red, Red, Green, Green]), (None, [Green, Green, Green, Green, Green])]
        {
            record.0.facts[0].force = withdrawn(at);
            let replayed = [0, 1, 4, 5, 6].map(|number| {
                let then = PersonRecord(record.0.clone().as_of(day(number)));
                then.judged(&pack, day(number)).standing.colour
            });
            assert_eq!(replayed, colours, "{name}");
            // A withdrawal undoes what the fact gave: today it counts at no time, and no colour is kept from
            // it.
            assert_eq!([1, 4, 6].map(|number| record.colour(&pack, number)), [Green; 3], "{name}");
        }
    }
}
