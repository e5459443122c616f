use super::*;

fn all(bytes: &[u8]) -> anyhow::Result<Register> {
    parse(bytes, WishedWindow::default())
}

/// The check-ins as user, venue, time and line.
fn visits(register: &Register) -> Vec<(&[u8], &[u8], i64, usize)> {
    register.visits.iter().map(|visit| (&visit.user[..], &visit.venue[..], visit.at, visit.line)).collect()
}

fn left_out(register: &Register) -> Vec<(LeftOutReason, usize, Vec<usize>)> {
    let rows = register.left_out.0.iter();
    rows.map(|(reason, rows)| (reason.clone(), rows.count, rows.lines.clone())).collect()
}

#[test]
fn registers_are_read_by_delimiter_with_a_header_or_without() {
    for (text, at, line) in [
        ("user,venue,x,time\n7,abc,1,Tue Apr 03 18:17:18 +0000 2012\n", 1_333_477_038_000, 2),
        ("7\tabc\t1\tTue Apr 03 18:17:18 +0000 2012\n", 1_333_477_038_000, 1),
        ("7\t\"abc\"\t\"1\"\t\"Tue Apr 03 18:17:18 +0000 2012\"\n", 1_333_477_038_000, 1),
        ("7;abc;1,5;2022-01-04T00:00:00Z\n", 1_641_254_400_000, 1),
        ("7,abc,2022-01-04T00:00:00.123Z\n", 1_641_254_400_123, 1),
        ("7 , abc,,2022-01-04T00:00:00.123Z \n\n,,,\n", 1_641_254_400_123, 1),
        ("\u{feff}7,abc,2022-01-04T08:00:00+08:00\r\n", 1_641_254_400_000, 1),
        ("\u{feff}user,venue,time\r\n7,abc,2022-01-04T00:00:00Z\r\n", 1_641_254_400_000, 2),
    ] {
        let register = all(text.as_bytes()).unwrap();
        assert_eq!(visits(&register), [(&b"7"[..], &b"abc"[..], at, line)], "{text}");
        assert_eq!((register.header.is_some(), register.left_out.is_empty()), (line == 2, true), "{text}");
    }
}

#[test]
fn a_row_that_is_no_check_in_is_left_out_with_line_and_reason() {
    use LeftOutReason::{FewColumns, NoUser, NoVenue, NotTime, OpenQuote};
    let good = "7,abc,2022-01-04T00:00:00Z\n";
    for (text, reason) in [
        ("7,abc,never\n", NotTime),
        ("7,abc,2022-01-04T00:00:00+24:00\n", NotTime),
        ("7,abc,Tue Apr 03 18:17:18 +2400 2012\n", NotTime),
        ("7\n", FewColumns),
        (",abc,2022-01-04T00:00:00Z\n", NoUser),
        ("7,\"\",2022-01-04T00:00:00Z\n", NoVenue),
        ("7,\"abc,2022-01-04T00:00:00Z\n", OpenQuote),
    ] {
        let register = all([good, good, text, good].concat().as_bytes()).unwrap();
        assert_eq!(left_out(&register), [(reason.clone(), 1, vec![3])], "{text}");
        assert_eq!(register.visits.len(), 3, "{text}");
        let alone = all(text.as_bytes()).unwrap_err().to_string();
        assert!(alone.contains(&reason.to_string()) && alone.contains("(line 1)"), "{alone}");
    }
    let many = all(["x\n".repeat(9).as_str(), good].concat().as_bytes()).unwrap();
    assert_eq!(
        many.left_out.to_string(),
        "  left out       9: fewer than three columns (lines 1, 2, 3, 4, 5, …)\n"
    );
}

#[test]
fn a_first_row_with_a_wrong_time_is_no_header() {
    let rest = "anna,café,2022-01-04T00:00:00Z\n";
    for (first, is_header) in [
        ("user,venue,time\n", true),
        ("Nutzer,Ort,Zeit\n", true),
        ("7,abc,never\n", false),
        ("anna,bar,never\n", false),
        ("ben,café,never\n", false),
        ("ben,bar,2022-01-32T00:00:00Z\n", false),
    ] {
        let register = all([first, rest].concat().as_bytes()).unwrap();
        assert_eq!(register.header.is_some(), is_header, "{first}");
        assert_eq!(register.left_out.is_empty(), is_header, "{first}");
        assert_eq!(register.visits.len(), 1, "{first}");
    }
    // Only the first row of all may be a header.
    let second = all([rest, "user,venue,time\n"].concat().as_bytes()).unwrap();
    assert_eq!(left_out(&second), [(LeftOutReason::NotTime, 1, vec![2])]);
    let titled = all(["Register\nuser,venue,time\n", rest].concat().as_bytes()).unwrap();
    assert_eq!(titled.header, Some(2));
    assert_eq!(left_out(&titled), [(LeftOutReason::FewColumns, 1, vec![1])]);
}

#[test]
fn one_wrong_date_costs_one_row() {
    let row = |number: usize| format!("{number},abc,2022-01-04T{:02}:{:02}:00Z\n", number / 60, number % 60);
    for (wrong, is_early) in [("2099-01-01T00:00:00Z", false), ("1999-01-01T00:00:00Z", true)] {
        let mut text: String = (0..299).map(row).collect();
        text.insert_str(0, &format!("x,abc,{wrong}\n"));
        let register = all(text.as_bytes()).unwrap();
        assert_eq!(register.visits.len(), 299, "{is_early}");
        assert_eq!(left_out(&register), [(LeftOutReason::OutsideSpan, 1, vec![1])]);
    }
    // Of two spans with as many rows the later one counts.
    let two = all(b"1,a,2022-01-01T00:00:00Z\n2,a,2022-03-01T00:00:00Z\n").unwrap();
    assert_eq!(visits(&two)[0].3, 2);
}

#[test]
fn rows_outside_the_wished_window_are_not_left_out() {
    let text = b"1,a,2022-01-01T00:00:00Z\n2,a,2022-03-01T00:00:00Z\n3,a,2022-03-02T00:00:00Z\n";
    let time = |text: &str| Some(text.parse().unwrap());
    for (from, to, lines) in [
        (None, time("2022-03-01T00:00:00Z"), vec![1]),
        (time("2022-03-01T00:00:00Z"), None, vec![2, 3]),
        (time("2022-03-01T00:00:00Z"), time("2022-03-02T00:00:00Z"), vec![2]),
    ] {
        let register = parse(text, WishedWindow { from, to }).unwrap();
        let read: Vec<usize> = register.visits.iter().map(|visit| visit.line).collect();
        assert_eq!((read, register.not_wished), (lines.clone(), 3 - lines.len()));
        assert!(register.left_out.is_empty());
    }
}

#[test]
fn names_and_other_columns_may_be_in_any_encoding_that_contains_ascii() {
    // Latin-1, and GBK with a character whose second byte is a backslash.
    for other in [&b"Caf\xe9"[..], b"\xbf\xa7\xb7\xc8\x81\x5c"] {
        let header = [b"user,venue,", other, b",time\r\n"].concat();
        let row = [other, b"1,", other, b",\"", other, b"\",2022-01-04T00:00:00Z\r\n"].concat();
        for (register, line) in [([&header[..], &row].concat(), 2), (row, 1)] {
            let register = all(&register).unwrap();
            let user = [other, b"1"].concat();
            assert_eq!(visits(&register), [(&user[..], other, 1_641_254_400_000, line)]);
            assert!(register.left_out.is_empty());
        }
    }
}

#[test]
fn utf_16_is_read_by_its_mark_and_refused_without_it() {
    let text = "\u{feff}user\tvenue\ttime\r\n\u{5f20}\tabc\t2022-01-04T00:00:00Z\r\n";
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let file: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
        let register = all(&file).unwrap();
        assert_eq!(visits(&register), [("\u{5f20}".as_bytes(), &b"abc"[..], 1_641_254_400_000, 2)]);
        assert!(format!("{:#}", all(&file[..file.len() - 1]).unwrap_err()).contains("damaged UTF-16"));
        assert!(all(&file[2..]).unwrap_err().to_string().contains("save it as UTF-8"));
    }
}
