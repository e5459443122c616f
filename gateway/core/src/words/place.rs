//! The names of areas. GB/T 2260 gives those of the mainland, ISO 3166 those of countries.
//!
//! **Source**: the data sets of the crates `gb2260` (to 2016) and `keshvar`.

use super::Words;
use crate::fact::Area;
use gb2260::Division;
use keshvar::Alpha2;

/// The digits of a GB/T 2260 code: two for the province, two for the prefecture, two for the county.
const DIGITS: usize = 6;
/// The prefectures of municipalities, and of counties under a province, have no name of their own.
const NAMELESS: [&str; 4] = ["市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"];

impl Area {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> Words {
        place_name(&String::from(self.clone()))
    }
}

/// The name of an area by the code of a fact or of a rule pack, which may be the beginning of a code. A code
/// that no data set has is "another area".
#[must_use]
pub fn place_name(code: &str) -> Words {
    let known = match code {
        "abroad" => Some(Words::new("境外", "abroad")),
        _ if code.bytes().all(|byte| byte.is_ascii_digit()) => division(code),
        _ => country(code),
    };
    known.unwrap_or_else(|| Words::new("其他地区", "another area"))
}

/// The name with those of the wider divisions before it. GB/T 2260 has Chinese names only.
fn division(code: &str) -> Option<Words> {
    let whole = |digits: usize| {
        let start = code.get(..digits.min(code.len()))?;
        Division::get(&format!("{start:0<DIGITS$}"))
    };
    whole(DIGITS)?;
    let mut names: Vec<&str> = [2, 4, DIGITS].into_iter().filter_map(whole).map(|found| found.name).collect();
    names.dedup();
    names.retain(|name| !NAMELESS.contains(name));
    let name = names.concat();
    (!name.is_empty()).then(|| Words::new(name.clone(), name))
}

fn country(code: &str) -> Option<Words> {
    let country = Alpha2::try_from(code).ok()?.to_country();
    let english = country.iso_short_name().to_string();
    let translations = country.translations();
    let in_language = |language: &str| translations.get(language).map(|name| (*name).to_owned());
    Some(Words {
        zh: in_language("zh_CN").unwrap_or_else(|| english.clone()),
        en: in_language("en").unwrap_or(english),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xj_10_an_area_has_a_name_in_both_languages_and_no_code() {
        for (code, zh, en) in [
            ("420000", "湖北省", "湖北省"),
            ("42", "湖北省", "湖北省"),
            ("4201", "湖北省武汉市", "湖北省武汉市"),
            ("420106", "湖北省武汉市武昌区", "湖北省武汉市武昌区"),
            ("110101", "北京市东城区", "北京市东城区"),
            ("JP", "日本", "Japan"),
            ("KR", "韩国", "South Korea"),
            ("IR", "伊朗", "Iran"),
            ("abroad", "境外", "abroad"),
            ("XX", "其他地区", "another area"),
            ("999999", "其他地区", "another area"),
        ] {
            assert_eq!(place_name(code), Words::new(zh, en), "{code}");
        }
        let region = |code: &str| Area::try_from(code.to_owned()).unwrap().name().zh;
        assert_eq!([region("HK"), region("MO"), region("TW")], ["香港", "澳门", "台湾"]);
    }
}
