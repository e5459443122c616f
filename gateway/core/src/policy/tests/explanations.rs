//! Explanations of a colour, and advice.

use super::city::{PersonRecord, day, pack, stayed};
use crate::colour::Colour::{Green, Red, Yellow};
use crate::colour::Reasons;
use crate::fact::Symptom;
use crate::policy::{Clearing, ClearingDeed, Explanation, Policy};
use crate::words::Words;

/// The explanations of a person's colour on a day.
fn explained(pack: &Policy, record: &PersonRecord, number: i64) -> Vec<Explanation> {
    let judgement = record.judged(pack, day(number));
    judgement.because.iter().filter_map(|fired| pack.explain(&judgement, fired)).collect()
}

#[test]
fn xj_10_time_alone_clears_by_a_date_and_nothing_else_does() {
    let xinji = pack("xinji");
    let stay = PersonRecord::default().fact(0, &stayed("420100"));
    let [Explanation { words, clearing }] = explained(&xinji, &stay, 3).try_into().unwrap();
    assert_eq!(words, Words::new("14天内来自重点疫区", "Came from a severely affected area within 14 days"));
    assert_eq!(clearing, Clearing::Time("2022-01-18T16:00:00Z".parse().unwrap()));
    let case = PersonRecord::default().fact(0, r#""kind":"false-declaration""#);
    let [Explanation { clearing, .. }] = explained(&xinji, &case, 3).try_into().unwrap();
    let words = Words::new("申诉成立，撤销认定后", "when an appeal is upheld and the finding is withdrawn");
    assert_eq!(clearing, Clearing::Deed(ClearingDeed { words, reports: None }));
    // A person who is still there has no day on which the reason ends.
    let open = PersonRecord::default().fact(0, r#""kind":"stay","area":"420100""#);
    assert!(matches!(explained(&xinji, &open, 3)[..], [Explanation { clearing: Clearing::Deed(_), .. }]));
}

#[test]
fn xz_06_a_kept_colour_is_explained_as_kept_with_the_reports_so_far() {
    let nanchong = pack("nanchong");
    let carrier = PersonRecord::default().fact(0, &stayed("JP")).reports(13..=15);
    // While the rule holds, its own words.
    let [Explanation { words, clearing }] = explained(&nanchong, &carrier, 14).try_into().unwrap();
    assert!(words.en.ends_with("within 14 days"), "{words:?}");
    assert!(matches!(clearing, Clearing::Deed(ClearingDeed { reports: Some((1, 14)), .. })), "{clearing:?}");
    for (reports, number, colour, next, done) in [(15, 16, Red, "yellow", 3), (26, 27, Yellow, "green", 0)] {
        let record = PersonRecord::default().fact(0, &stayed("JP")).reports(13..=reports);
        assert_eq!(record.judged(&nanchong, day(number)).standing.colour, colour);
        let [Explanation { words, clearing }] = explained(&nanchong, &record, number).try_into().unwrap();
        assert!(words.zh.contains("已结束") && words.en.contains("this has ended"), "{words:?}");
        let Clearing::Deed(ClearingDeed { words, reports }) = clearing else { panic!("{clearing:?}") };
        assert_eq!(words.en, format!("Turns {next} after a daily report on 14 days in a row"));
        assert_eq!(reports, Some((done, 14)));
    }
    // A green reason is cleared by time, whatever the steps between the colours.
    let low = PersonRecord::default().fact(0, &stayed("510100"));
    assert_eq!(low.judged(&nanchong, day(1)).standing.colour, Green);
    assert!(matches!(explained(&nanchong, &low, 1)[..], [Explanation { clearing: Clearing::Time(_), .. }]));
}

#[test]
fn xz_27_each_symptom_has_advice_in_every_pack_and_a_measured_fever_too() {
    for name in Policy::BUILTIN {
        let pack = pack(name);
        for symptom in [Symptom::Fever, Symptom::Cough, Symptom::Fatigue] {
            let advice = pack.advice_on_symptoms(&[symptom]).unwrap();
            assert!(advice.zh.contains("发热门诊") && advice.zh.contains("公共交通"), "{name}: {advice:?}");
            assert!(advice.en.contains("fever clinic") && advice.en.contains("public transport"));
        }
        assert_eq!(pack.advice_on_symptoms(&[]), None);
        assert!(pack.advice_at_doors().any(|advice| advice.reasons.has(Reasons::FEVER)), "{name}");
    }
}

#[test]
fn a_pack_writes_words_in_one_language_or_both_and_advice_about_something() {
    let base = Policy::builtin("default").unwrap();
    let one = base.replace("text.zh = \"确诊病例\"\ntext.en = \"A confirmed case\"", "text = \"A case\"");
    assert_eq!(Policy::parse(&one).unwrap().rules()[0].text, Words::new("A case", "A case"));
    for (wrong, message) in [
        ("[[advice]]\ntext = \"x\"", "advice needs `symptoms`, `rules` or `classes`"),
        ("[[advice]]\nrules = [\"no\"]\ntext = \"x\"", "there is no rule `no`"),
        (
            "[[advice]]\nsymptoms = [\"cough\"]\ntext = { zh = \"x\", en = \" \" }",
            "needs words in `zh` and `en`",
        ),
        (
            "[[advice]]\nsymptoms = [\"cough\"]\ntext = { zh = \"x\" }",
            "a text, or a table with `zh` and `en`",
        ),
    ] {
        let error = Policy::parse(&format!("{base}\n{wrong}\n")).unwrap_err().to_string();
        assert!(error.contains(message), "{wrong}: {error}");
    }
}
