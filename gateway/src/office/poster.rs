//! A venue's poster: its code as a QR with the venue's name, as one SVG for A4.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use scangate_core::text::is_printable;
use std::fmt::Write as _;
use unicode_width::UnicodeWidthChar as _;

/// The width that a line of the name may take, of the page's 210. **Units**: mm.
const NAME_WIDTH: f64 = 190.0;
/// The height between the code and the poster's number. **Units**: mm.
const NAME_HEIGHT: f64 = 54.0;
/// The middle of that height. **Units**: mm from the page's top.
const NAME_MIDDLE: f64 = 248.0;
/// The sizes in which a name is tried, the largest first. **Units**: mm.
const NAME_SIZES: [f64; 9] = [11.0, 10.0, 9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0];
/// The distance of two lines. **Units**: the size of the letters.
const LINE_HEIGHT: f64 = 1.3;
/// How far below the top of its line a letter stands. **Units**: the size of the letters.
const BASELINE: f64 = 0.95;

/// Draws a poster. **Cost**: a millisecond.
#[must_use]
pub fn svg(address: &str, name: &str, number: u16) -> String {
    // Level Q: the code still reads with a quarter of its modules damaged by weather.
    let qr =
        QrCode::with_error_correction_level(address, EcLevel::Q).expect("an address is far below QR's bound");
    let modules = qr.width() + 8;
    let drawn = qr.render::<svg::Color<'_>>().quiet_zone(true).module_dimensions(1, 1).build();
    let drawn = drawn.split_once("<svg").map_or("", |(_, rest)| rest);
    let mut poster = String::new();
    let _ = write!(
        poster,
        concat!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 210 297" width="210mm" height="297mm">"##,
            r##"<rect width="210" height="297" fill="#fff"/>"##,
            r##"<g font-family="sans-serif" text-anchor="middle" fill="#000">"##,
            r##"<text x="105" y="32" font-size="16">请扫码登记</text>"##,
            r##"<text x="105" y="44" font-size="8">Scan to check in</text>"##,
            r##"{name}"##,
            r##"<text x="105" y="285" font-size="5">{number}</text></g>"##,
            r##"<g transform="translate(25 55) scale({scale})"><svg width="{modules}" height="{modules}"{drawn}</g>"##,
            r##"</svg>"##
        ),
        name = text_of(name),
        number = number,
        scale = 160.0 / f64::from(u32::try_from(modules).unwrap_or(u32::MAX)),
        modules = modules,
        drawn = without_size(drawn),
    );
    poster
}

/// The name in the largest size in which all its lines fit.
fn text_of(name: &str) -> String {
    let wrapped = NAME_SIZES.map(|size| (size, lines(name, NAME_WIDTH / size)));
    let fits = |(size, lines): &&(f64, Vec<String>)| height(lines.len(), *size) <= NAME_HEIGHT;
    let (size, lines) = wrapped.iter().find(fits).unwrap_or(&wrapped[NAME_SIZES.len() - 1]);
    let top = NAME_MIDDLE - height(lines.len(), *size) / 2.0;
    let mut text = format!(r#"<text font-size="{size}">"#);
    for (line, number) in lines.iter().zip(0_u32..) {
        let baseline = top + size * (f64::from(number) * LINE_HEIGHT + BASELINE);
        let _ = write!(text, r#"<tspan x="105" y="{baseline:.2}">{}</tspan>"#, escape(line));
    }
    text + "</text>"
}

fn height(lines: usize, size: f64) -> f64 {
    f64::from(u32::try_from(lines).unwrap_or(u32::MAX)) * LINE_HEIGHT * size
}

/// The lines of a text, which together are the text. A line breaks behind a blank, or beside a character of
/// full width; a word that is longer than a line breaks anywhere. **Units**: `width_max` is in letter sizes.
fn lines(text: &str, width_max: f64) -> Vec<String> {
    let mut lines = Vec::new();
    let (mut line, mut line_width) = (String::new(), 0.0);
    for word in words(text) {
        // The blank at the end of a line may reach into the margin.
        let word_width = width(word.trim_end());
        if line_width > 0.0 && line_width + word_width > width_max {
            lines.push(std::mem::take(&mut line));
            line_width = 0.0;
        }
        for letter in word.chars() {
            let letter_width = letter_width(letter);
            if line_width + letter_width > width_max && !letter.is_whitespace() {
                lines.push(std::mem::take(&mut line));
                line_width = 0.0;
            }
            line.push(letter);
            line_width += letter_width;
        }
    }
    lines.push(line);
    lines
}

/// The pieces of a text between which a line may break.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let letters = text.char_indices().zip(text.chars().skip(1).map(Some).chain([None]));
    let mut from = 0;
    letters.filter_map(move |((at, letter), next)| {
        let may_break = match next {
            Some(next) => {
                (letter.is_whitespace() && !next.is_whitespace())
                    || ((is_wide(letter) || is_wide(next)) && !next.is_whitespace() && !is_closing(next))
            }
            None => true,
        };
        may_break.then(|| {
            let word = &text[from..at + letter.len_utf8()];
            from = at + letter.len_utf8();
            word
        })
    })
}

/// Whether a character does not begin a line.
fn is_closing(letter: char) -> bool {
    letter.width() == Some(0) || "）〕】》」』〉”’，。、；：！？·)".contains(letter)
}

fn is_wide(letter: char) -> bool {
    letter.width_cjk() == Some(2)
}

fn width(text: &str) -> f64 {
    text.chars().map(letter_width).sum()
}

/// An upper bound of a character's width in a sans-serif face, so that a line fits whatever font the printer
/// has. **Units**: the size of the letters.
fn letter_width(letter: char) -> f64 {
    match letter {
        _ if letter.width() == Some(0) => 0.0,
        'a'..='l' | 'n'..='v' | 'x'..='z' | '0'..='9' | ' ' => 0.65,
        'A'..='L' | 'N'..='V' | 'X'..='Z' => 0.85,
        _ => 1.0,
    }
}

/// Strips the drawing's own width and height, which the poster sets.
fn without_size(drawn: &str) -> &str {
    drawn.find(" viewBox").map_or(drawn, |at| &drawn[at..])
}

/// A text as XML or HTML. A character that XML does not have becomes U+FFFD: names of an earlier version may
/// have some.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ if is_printable(letter.encode_utf8(&mut [0; 4])) => escaped.push(letter),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use scangate_core::limits::NAME_BYTES_MAX;

    const ADDRESS: &str = "https://localhost:8443/v/EQH";

    /// The size and the lines of a poster's name.
    fn name_of(poster: &str) -> (f64, Vec<(f64, String)>) {
        let (_, text) = poster.split_once(r#"<text font-size=""#).unwrap();
        let (size, text) = text.split_once(r#"">"#).unwrap();
        let (text, _) = text.split_once("</text>").unwrap();
        let spans = text.split("</tspan>").filter(|span| !span.is_empty());
        let spans = spans.map(|span| {
            let (y, line) = span.split_once(r#"y=""#).unwrap().1.split_once(r#"">"#).unwrap();
            (y.parse().unwrap(), line.to_owned())
        });
        (size.parse().unwrap(), spans.collect())
    }

    #[test]
    fn a_name_cannot_break_out_of_the_drawing() {
        let poster = svg(ADDRESS, "Wok & <script>", 3);
        assert!(poster.contains("Wok &amp; &lt;script&gt;"));
        assert!(!poster.contains("<script>"));
        assert_eq!(poster.matches("<svg").count(), poster.matches("</svg>").count());
        assert!(svg(ADDRESS, "a\u{fffe}b\u{0}\u{ffff}", 3).contains(">a\u{fffd}b\u{fffd}\u{fffd}<"));
    }

    #[test]
    fn all_of_a_name_is_between_the_code_and_the_number_and_within_the_page() {
        let bytes = |letter: &str| letter.repeat(NAME_BYTES_MAX / letter.len());
        for name in [
            "东门市场".to_owned(),
            "徐州市鼓楼区黄楼街道民主南路社区卫生服务中心".to_owned(),
            "Xuzhou Economic and Technological Development Zone Government Service Centre".to_owned(),
            bytes("长"),
            bytes("W"),
            bytes("i"),
            bytes("𠮷"),
            bytes("WWWWWWWWWWWWWWWWWWWWWWWWW "),
            bytes("W长"),
            bytes("é"),
            "   a".to_owned(),
        ] {
            let (size, lines) = name_of(&svg(ADDRESS, &name, 1));
            let whole: String = lines.iter().map(|(_, line)| line.as_str()).collect();
            assert_eq!(whole, name);
            for (baseline, line) in lines {
                assert!(width(line.trim_end()) * size <= NAME_WIDTH + 1e-6, "{name}: {line}");
                assert!(baseline - size >= 215.0 && baseline + 0.3 * size <= 280.0, "{name}: {baseline}");
            }
        }
    }

    #[test]
    fn a_line_breaks_behind_a_blank_or_beside_a_wide_character() {
        for (text, width_max, expected) in [
            ("abc def", 3.0, &["abc ", "def"][..]),
            ("abc def", 9.0, &["abc def"]),
            ("abcdef", 2.0, &["abc", "def"]),
            ("东门市场", 3.0, &["东门市", "场"]),
            ("东门（北）", 4.0, &["东门（", "北）"]),
            ("东门Mall东", 4.0, &["东门", "Mall东"]),
            ("", 4.0, &[""]),
        ] {
            assert_eq!(lines(text, width_max), expected, "{text}");
        }
    }
}
