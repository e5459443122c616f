//! A person who proves phone and face again: the key is replaced, and whoever held it without proof loses it.

use super::{NUMBER, PHONE, Xuzhou, form, jpeg, settle, with};
use crate::residents::keys::audited;
use scangate_tests::{ExpectedLog, TestReply, refused};
use serde_json::{Value, json};

const NEW_PHONE: &str = "13700000001";

impl Xuzhou {
    /// Registers the document with the proofs of a phone.
    async fn prove(&mut self, phone: &str) -> anyhow::Result<TestReply> {
        let code = self.code(phone).await?;
        let steps = [("sms_code", code.as_str()), ("face", &jpeg())];
        self.register(&with(form(phone, "resident-id", NUMBER), &steps)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_phone_with_proof_gets_the_key_again_and_the_old_phone_loses_it() -> anyhow::Result<()> {
    let mut city = Xuzhou::found(ExpectedLog::Quiet).await?;
    let first = city.prove(PHONE).await?.json()?;
    assert!(first.get("replaced").is_none(), "{first}");
    let old = settle(&mut city.town, first.clone())?;
    let again = city.prove(NEW_PHONE).await?.json()?;
    assert_eq!((&again["person"], &again["replaced"]), (&first["person"], &json!(true)));
    assert_ne!(again["key"], first["key"]);
    let new = settle(&mut city.town, again)?;
    let lost = city.town.own(old, "GET", "", &Value::Null).await?;
    assert_eq!(lost.status_and_code(), refused(401, "person-code-invalid"));
    let mine = city.town.own(new, "GET", "", &Value::Null).await?.json()?;
    assert_eq!(mine["phone"], NEW_PHONE, "{mine}");
    let replaced = ("person-replaced".to_owned(), first["person"].as_str().unwrap_or_default().to_owned());
    assert!(audited(&mut city.town).await?.contains(&replaced));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proven_holder_takes_over_from_a_stranger_who_registered_them_as_a_dependant() -> anyhow::Result<()>
{
    const STRANGER: usize = 0;
    let mut city = Xuzhou::found(ExpectedLog::Quiet).await?;
    let papers = json!({"name": "别名", "document": {"type": "resident-id", "number": NUMBER}});
    let taken = city.town.own(STRANGER, "POST", "/dependants", &papers).await?.json()?;
    let held = settle(&mut city.town, taken.clone())?;
    assert_eq!(city.town.check_in(held, 0).await?.status(), 200);

    // Without proof the answer has no key, and with proof the holder gets it.
    let bare = city.register(&form(PHONE, "resident-id", NUMBER)).await?;
    assert_eq!(bare.status_and_code(), refused(422, "sms-code-needed"));
    let proven = city.prove(PHONE).await?.json()?;
    assert_eq!((&proven["person"], &proven["replaced"]), (&taken["person"], &json!(true)));
    let own = settle(&mut city.town, proven)?;
    let stolen = city.town.check_in(held, 1).await?;
    assert_eq!(stolen.status_and_code(), refused(401, "person-code-invalid"));
    let mine = city.town.own(own, "GET", "", &Value::Null).await?.json()?;
    assert_eq!((&mine["guardians"], &mine["phone"]), (&json!([]), &json!(PHONE)), "{mine}");
    let path = format!("/dependants/{}", taken["person"].as_str().unwrap_or_default());
    let view = city.town.own(STRANGER, "GET", &path, &Value::Null).await?;
    assert_eq!(view.status_and_code(), refused(404, "not-found"));
    let again = city.town.own(STRANGER, "POST", "/dependants", &papers).await?;
    assert_eq!(again.status_and_code(), refused(403, "proxy-not-named"));

    // A guardian whom the holder named stays when the key is replaced again.
    let stranger = json!({"person": city.town.residents[STRANGER].person});
    assert_eq!(city.town.own(own, "POST", "/guardians", &stranger).await?.status(), 204);
    let holder = json!({"person": city.town.residents[own].person});
    assert_eq!(city.town.own(STRANGER, "POST", "/dependants", &holder).await?.status(), 200);
    let proven = city.prove(PHONE).await?.json()?;
    let own = settle(&mut city.town, proven)?;
    let mine = city.town.own(own, "GET", "", &Value::Null).await?.json()?;
    assert_eq!(mine["guardians"], json!([stranger["person"]]));
    let acts: Vec<String> = audited(&mut city.town).await?.into_iter().map(|(act, _)| act).collect();
    assert_eq!(acts.iter().filter(|act| *act == "unnamed-tie-ended").count(), 1, "{acts:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_or_phone_needs_the_proofs_of_a_registration() -> anyhow::Result<()> {
    let mut city = Xuzhou::found(ExpectedLog::Quiet).await?;
    let given = city.prove(PHONE).await?.json()?;
    let own = settle(&mut city.town, given)?;
    let code = city.code(NEW_PHONE).await?;
    let patch = |more: &[(&str, &str)]| {
        let mut body = json!({"phone": NEW_PHONE});
        more.iter().for_each(|(name, value)| body[*name] = json!(value));
        body
    };
    let face = jpeg();
    let other = if code == "000000" { "000001" } else { "000000" };
    for (body, expected) in [
        (patch(&[]), refused(422, "sms-code-needed")),
        (json!({"name": "别名"}), refused(422, "sms-code-needed")),
        (patch(&[("sms_code", code.as_str())]), refused(422, "face-needed")),
        (patch(&[("sms_code", other), ("face", &face)]), refused(422, "sms-code-invalid")),
        // The class says nothing about a person's identity.
        (json!({"class": "temporary"}), (200, String::new())),
        (json!({"phone": PHONE}), (200, String::new())),
        (patch(&[("sms_code", code.as_str()), ("face", &face)]), (200, String::new())),
    ] {
        let sent = city.town.own(own, "PATCH", "", &body).await?;
        assert_eq!(sent.status_and_code(), expected, "{body}: {}", sent.text());
    }
    let mine = city.town.own(own, "GET", "", &Value::Null).await?.json()?;
    assert_eq!((&mine["phone"], &mine["class"]), (&json!(NEW_PHONE), &json!("temporary")), "{mine}");
    Ok(())
}
