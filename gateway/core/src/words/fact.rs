//! A fact in words, for the person whom it is about.

use super::Words;
use crate::fact::{CertificateType, Fact, FactKind, Measure, QuarantinePlace, Symptom, TestResult};

impl Fact {
    /// What it says, without ids and area codes.
    #[must_use]
    pub fn words(&self) -> Words {
        self.kind.words()
    }
}

impl FactKind {
    fn words(&self) -> Words {
        let (zh, en) = match self {
            Self::Confirmed => ("确诊病例", "A confirmed case"),
            Self::ClinicallyDiagnosed => ("临床诊断病例", "A case diagnosed by a doctor"),
            Self::Suspected => ("疑似病例", "A suspected case"),
            Self::Asymptomatic => ("无症状感染者", "An infection without symptoms"),
            Self::Discharged => ("治愈出院", "Discharged from hospital"),
            Self::Released { .. } => ("解除隔离或医学观察", "Released from quarantine or observation"),
            Self::RuledOut { .. } => ("排除嫌疑", "The suspicion was ruled out"),
            Self::CloseContact { .. } => ("密切接触者", "A close contact of a case"),
            Self::SharesHome => ("与正在接受观察的人员同住", "Lives with somebody who is under observation"),
            Self::CoLocated { .. } => {
                ("与病例曾处于同一个空间", "Was in the same place as a case at the same time")
            }
            Self::Quarantine { place: QuarantinePlace::Central, .. } => {
                ("集中隔离医学观察", "Quarantine in an institution")
            }
            Self::Quarantine { place: QuarantinePlace::Home, re_examined: false } => {
                ("居家隔离医学观察，尚未复核症状", "Quarantine at home, not yet examined again")
            }
            Self::Quarantine { place: QuarantinePlace::Home, re_examined: true } => {
                ("居家隔离医学观察，已复核症状", "Quarantine at home, examined again")
            }
            Self::Ordered { measure } => measure_words(*measure),
            Self::Symptoms { which } => return symptoms_words(which),
            Self::Stay { area } => {
                let Words { zh, en } = area.name();
                return Words::new(format!("在{zh}停留"), format!("A stay in {en}"));
            }
            Self::AreaContact { area } => {
                let Words { zh, en } = area.name();
                return Words::new(format!("与来自{zh}的人员有接触"), format!("Met people from {en}"));
            }
            Self::Test { result: TestResult::Negative } => ("核酸检测阴性", "A negative test"),
            Self::Test { result: TestResult::Positive } => ("核酸检测阳性", "A positive test"),
            Self::Certificate { r#type: CertificateType::Work } => {
                ("外出务工健康证明", "A health certificate for work elsewhere")
            }
            Self::Certificate { r#type: CertificateType::Health } => ("健康证明", "A health certificate"),
            Self::FalseDeclaration => ("谎报瞒报", "A false declaration"),
            Self::IdentityExpired => {
                ("上级平台的身份信息已过期", "The identity on the province's platform has expired")
            }
            Self::IdentityRenewed => {
                ("上级平台的身份信息已更新", "The identity on the province's platform was renewed")
            }
        };
        Words::new(zh, en)
    }
}

const fn measure_words(measure: Measure) -> (&'static str, &'static str) {
    match measure {
        Measure::CentralQuarantine => ("需要进行集中隔离医学观察", "Quarantine in an institution is ordered"),
        Measure::HomeMonitoring => ("需要进行居家健康监测", "Health monitoring at home is ordered"),
        Measure::RiskScreening => ("需要进一步进行风险排查", "A further look at the risk is ordered"),
        Measure::TestDue => ("需要进行核酸检测", "A test is ordered"),
    }
}

fn symptoms_words(which: &[Symptom]) -> Words {
    let Words { zh, en } = symptoms_list(which);
    Words::new(format!("症状：{zh}"), format!("Symptoms: {en}"))
}

/// The names of symptoms, as a list in each language.
pub(crate) fn symptoms_list(which: &[Symptom]) -> Words {
    let words: Vec<(&str, &str)> = which.iter().copied().map(symptom_words).collect();
    let zh: Vec<&str> = words.iter().map(|(zh, _)| *zh).collect();
    let en: Vec<&str> = words.iter().map(|(_, en)| *en).collect();
    Words::new(zh.join("、"), en.join(", "))
}

const fn symptom_words(symptom: Symptom) -> (&'static str, &'static str) {
    match symptom {
        Symptom::Fever => ("发热", "fever"),
        Symptom::DryCough => ("干咳", "dry cough"),
        Symptom::Cough => ("咳嗽", "cough"),
        Symptom::Fatigue => ("乏力", "fatigue"),
        Symptom::Breathless => ("气促", "shortness of breath"),
        Symptom::Respiratory => ("呼吸道症状", "respiratory symptoms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fact::Area;
    use crate::id::{FactId, VenueId};

    #[test]
    fn xj_10_a_fact_is_told_without_an_id_or_a_code() {
        let wuhan = Area::try_from("420100".to_owned()).unwrap();
        for (kind, zh, en) in [
            (FactKind::Stay { area: wuhan.clone() }, "在湖北省武汉市停留", "A stay in 湖北省武汉市"),
            (
                FactKind::AreaContact { area: wuhan },
                "与来自湖北省武汉市的人员有接触",
                "Met people from 湖北省武汉市",
            ),
            (FactKind::CloseContact { of: Some(FactId(7)) }, "密切接触者", "A close contact of a case"),
            (
                FactKind::CoLocated { venue: Some(VenueId(7)) },
                "与病例曾处于同一个空间",
                "Was in the same place as a case at the same time",
            ),
            (
                FactKind::Symptoms { which: vec![Symptom::Cough, Symptom::Fatigue] },
                "症状：咳嗽、乏力",
                "Symptoms: cough, fatigue",
            ),
        ] {
            assert_eq!(kind.words(), Words::new(zh, en));
        }
    }
}
