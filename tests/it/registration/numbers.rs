//! Numbers and names as they are pasted and typed: numbers have one spelling, names keep theirs.

use scangate_loadgen::drive::now;
use scangate_tests::{TestTown, refused};
use serde_json::{Value, json};

/// One mobile number, as people paste and type it.
const PHONES: [&str; 9] = [
    "13900001111",
    "+86 139 0000-1111",
    "\u{202a}13900001111\u{202c}",
    "\u{202d}+86\u{a0}139\u{2009}0000\u{2011}1111\u{202c}",
    "139\u{200b}0000\u{2060}1111",
    "\u{feff}13900001111\t",
    "１３９００００１１１１",
    "＋８６　１３９－００００—１１１１",
    "13900001111\u{fe0f}\u{ad}",
];
/// One resident identity number, the same.
const NUMBERS: [&str; 6] = [
    "11010519491231002X",
    "11010519491231002x",
    "１１０１０５１９４９１２３１００２Ｘ",
    "110105\u{a0}19491231\u{3000}002X",
    "\u{2067}110105\u{200b}19491231\u{200d}002X\u{2069}",
    "110105-19491231–002X\t\r\n",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_pasted_number_is_the_number_it_shows() -> anyhow::Result<()> {
    let mut town = TestTown::found(2).await?;
    let authority = town.authority.clone();
    let line = |phone: &str, number: &str| {
        let document = json!({"type": "resident-id", "number": number});
        json!({"name": "王五", "phone": phone, "document": document}).to_string()
    };
    let spelled = PHONES.map(|phone| line(phone, NUMBERS[0])).into_iter();
    let lines: Vec<String> = spelled.chain(NUMBERS.map(|number| line(PHONES[0], number))).collect();
    let answers = town.send("POST", "/v1/people/import", &authority, lines.join("\n")).await?.lines()?;
    let person = answers[0]["person"].clone();
    assert!(person.is_string() && answers.len() == lines.len(), "{answers:?}");
    for (answer, line) in answers.iter().zip(&lines) {
        assert_eq!(answer["person"], person, "{line}");
    }
    for number in NUMBERS {
        let again = town.send("POST", "/v1/people", "", line(PHONES[0], number)).await?;
        assert_eq!(again.status_and_code(), refused(409, "already-registered"), "{number:?}");
    }
    for phone in PHONES {
        let changed = town.own(0, "PATCH", "", &json!({"phone": phone})).await?;
        assert_eq!(changed.status(), 200, "{phone:?} {}", changed.text());
        assert_eq!(town.mine(0).await?["phone"], json!("13900001111"), "{phone:?}");
    }
    let passport = json!({"name": "小明", "document": {"type": "passport", "number": "Ｅ\u{200b}8888 8888"}});
    let dependant = town.own(0, "POST", "/dependants", &passport).await?;
    assert_eq!(dependant.status(), 200, "{}", dependant.text());
    let spelled = json!({"name": "小明", "phone": "13900002222", "document": {"type": "passport", "number": "E88888888"}});
    let same = town.send("POST", "/v1/people/import", &authority, spelled.to_string()).await?.lines()?;
    assert_eq!(same[0]["person"], dependant.json()?["person"]);
    for (phone, number, code) in [
        ("١٣٩٠٠٠٠١١١١", NUMBERS[0], "phone-unsupported"),
        ("139.0000.1111", NUMBERS[0], "phone-unsupported"),
        (PHONES[0], "110105194912310021", "document-invalid"),
        (PHONES[0], "11010519491231٠٠2X", "document-invalid"),
    ] {
        let wrong = town.send("POST", "/v1/people/import", &authority, line(phone, number)).await?.lines()?;
        assert_eq!(wrong[0]["code"], json!(code), "{phone} {number}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_has_no_character_that_xml_forbids() -> anyhow::Result<()> {
    let mut town = TestTown::found(1).await?;
    let (authority, tracer) = (town.authority.clone(), town.tracer.clone());
    let (person, at) = (town.residents[0].person, now());
    for bad in ["a\u{fffe}b", "a\u{ffff}", "\u{fdd0}b", "a\u{1ffff}", "a\u{0}b", "a\u{85}b"] {
        let venue =
            |name: &str, district: &str| json!({"name": name, "kind": "market", "district": district});
        let passport = json!({"type": "passport", "number": "E12345678"});
        let case = |purpose: &str, reference: &str| {
            json!({"person": person, "purpose": purpose, "reference": reference,
                "from": at.minus_ms(3_600_000), "to": at})
        };
        let site = json!({"name": bad, "district": "云龙", "address": "云龙区1号", "opens": "08:00",
            "closes": "20:00", "slot_minutes": 60, "places": 2});
        let fact = |source: &str, reference: &str| {
            json!({"person": person, "kind": "symptoms", "which": ["fever"], "at": at, "source": source,
                "reference": reference})
        };
        let person_line = json!({"name": bad, "phone": "13900001111", "document": passport});
        let table: [(&str, &str, Value, &str); 9] = [
            ("/v1/venues", &authority, venue(bad, "鼓楼"), "malformed"),
            ("/v1/venues", &authority, venue("东门市场", bad), "malformed"),
            ("/v1/test-sites", &authority, site, "malformed"),
            ("/v1/people/import", &authority, person_line.clone(), "name-invalid"),
            ("/v1/people", "", person_line, "name-invalid"),
            ("/v1/cases", &tracer, case(bad, "7"), "malformed"),
            ("/v1/cases", &tracer, case("contact-tracing", bad), "malformed"),
            ("/v1/facts", &authority, fact(bad, "7"), "malformed"),
            ("/v1/facts", &authority, fact("clinic", bad), "malformed"),
        ];
        for (path, token, body, code) in table {
            let refused = town.send("POST", path, token, body.to_string()).await?;
            assert_eq!(refused.lines()?[0]["code"], json!(code), "{path} {bad:?} {body}");
        }
        let arrival = json!({"from_area": "420100", "at": at, "unit": bad});
        for (path, body) in [("/arrivals", arrival), ("/questions", json!({"text": bad}))] {
            let refusal = town.own(0, "POST", path, &body).await?;
            assert_eq!(refusal.status_and_code(), refused(400, "malformed"), "{path} {bad:?}");
        }
    }
    // What people are called stays as it is.
    for name in ["欧阳·𠮷", "买买提·艾力", "O’Brien", "𪚥", "a\u{200d}b"] {
        let changed = town.own(0, "PATCH", "", &json!({"name": name})).await?;
        assert_eq!(changed.status(), 200, "{name} {}", changed.text());
        assert_eq!(town.mine(0).await?["name"], json!(name));
    }
    Ok(())
}
