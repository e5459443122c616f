//! The sheet of a paper pass: a card to cut out, and what its holder does with it. Name and document are
//! masked, as staff at a door see them. A pass may be lost, and a token for passes reads no names.

use super::{SheetTexts, document_words, qr};
use crate::office::poster::escape;
use jiff::civil::Date;
use scangate_core::person::{PackedHolder, Personal};

/// A paper pass, with the first and the last day on which it is valid.
#[derive(Debug, Clone)]
pub(in crate::office) struct DatedPass {
    /// The pass as text.
    pub(in crate::office) text: String,
    /// The day on which it is printed.
    pub(in crate::office) first: Date,
    /// Its last day, inclusive.
    pub(in crate::office) last: Date,
}

impl SheetTexts {
    /// The sheet of a person's pass.
    pub(in crate::office) fn pass_sheet(&self, personal: &Personal, pass: &DatedPass) -> String {
        let Self { title, hotline, own_page: _ } = self;
        let DatedPass { text, first, last } = pass;
        let holder = PackedHolder::of(personal).shown();
        let (name, number) =
            holder.map(|holder| (holder.name.to_string(), holder.document.to_string())).unwrap_or_default();
        format!(
            concat!(
                "<section class=\"pass-sheet\">\n<p>✂ 沿虚线剪下 Cut along the dashed line</p>\n",
                "<article class=\"pass\">\n<h1>{title}</h1>\n<h2>纸质通行证 · Paper pass</h2>\n{qr}\n",
                "<dl><dt>姓名 Name</dt><dd>{name}</dd><dt>{kind}</dt><dd>{number}</dd>",
                "<dt>打印日期 Printed</dt><dd>{first}</dd>",
                "<dt>有效期至 Valid until</dt><dd>{last} 24:00</dd>",
                "<dt>咨询电话 Hotline</dt><dd>{hotline}</dd></dl>\n<p class=\"code\">{text}</p>\n</article>\n",
                "<ol>\n<li>在门口出示此证，由工作人员扫码登记。<br>",
                "Show this pass at a door. The staff scan it and record the visit.</li>\n",
                "<li>请带上证件，工作人员会与此证核对。<br>",
                "Bring your document. The staff compare it with this pass.</li>\n",
                "<li>遗失请立即告知社区，由社区作废此证。<br>",
                "Report a lost pass to the community immediately, which then revokes it.</li>\n</ol>\n</section>\n",
            ),
            title = title,
            qr = qr(text),
            name = escape(&name),
            kind = document_words(personal.document.r#type),
            number = escape(&number),
            first = first,
            last = last,
            hotline = hotline,
            text = escape(text),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::example;
    use super::*;

    #[test]
    fn xz_10_a_pass_has_its_dates_and_a_masked_holder() {
        let texts = SheetTexts::new("徐州 & 苏康码", "12345", "https://scan.example");
        let pass = DatedPass {
            text: "AwEBI0VniavN7w".to_owned(),
            first: Date::constant(2022, 1, 4),
            last: Date::constant(2022, 2, 3),
        };
        let sheet = texts.pass_sheet(&example("<欧阳修", "E12345678"), &pass);
        for words in [
            "徐州 &amp; 苏康码",
            "&lt;**修",
            "…5678",
            "2022-01-04",
            "2022-02-03 24:00",
            "12345",
            "AwEBI0VniavN7w",
        ] {
            assert!(sheet.contains(words), "{words}: {sheet}");
        }
        assert!(!sheet.contains("欧阳") && !sheet.contains("45678"), "{sheet}");
        assert_eq!(sheet.matches("<svg").count(), 1);
    }
}
