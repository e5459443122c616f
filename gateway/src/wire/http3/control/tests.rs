use super::*;
use crate::wire::http3::FaultScope;
use crate::wire::http3::tests::{frame, grease};

const CONTROL: u64 = 2;
const ENCODER: u64 = 6;
const DECODER: u64 = 10;

fn settled() -> Control {
    let mut control = Control::new(Limits::default());
    assert_eq!(control.handle_uni(CONTROL, &[0x00, 0x04, 0x00]), Ok(UniStreamAction::Keep));
    control
}

#[test]
fn what_a_client_sends_is_taken_split_anywhere() {
    let bytes = [
        &[0x00][..],
        &frame(0x04, &[0x06, 0x50, 0x00, 0x21, 0x01, 0x07, 0x10]),
        &frame(0x0d, &[0x05]),
        &grease(b"padding"),
        &frame(0x0d, &[0x08]),
        &frame(0xf_0700, b"\x00u=3"),
        &frame(0x07, &[0x40, 0x04]),
        &frame(0x07, &[0x00]),
    ]
    .concat();
    for at in 0..=bytes.len() {
        let mut control = Control::new(Limits::default());
        assert_eq!(control.handle_uni(CONTROL, &bytes[..at]), Ok(UniStreamAction::Keep));
        assert_eq!(control.handle_uni(CONTROL, &bytes[at..]), Ok(UniStreamAction::Keep), "split at {at}");
        assert!(control.is_settled() && control.peer_is_going_away());
        assert_eq!(control.peer_field_section_bytes_max(), Some(0x1000));
    }
    let mut control = Control::new(Limits::default());
    for byte in bytes {
        assert_eq!(control.handle_uni(CONTROL, &[byte]), Ok(UniStreamAction::Keep));
    }
    assert!(control.peer_is_going_away());
}

#[test]
fn our_opening_is_a_control_stream_that_we_would_take() {
    let mut peer = Control::new(Limits::default());
    let opening = Control::new(Limits::default()).opening();
    assert_eq!(peer.handle_uni(3, &opening), Ok(UniStreamAction::Keep));
    assert_eq!(peer.peer_field_section_bytes_max(), Some(16_384));
}

#[test]
fn unknown_streams_are_discarded_whatever_the_length_of_their_type() {
    let mut control = settled();
    assert_eq!(control.handle_uni(14, &[0x21, 0xff]), Ok(UniStreamAction::Discard));
    for byte in [0xc0, 0, 0, 0, 0, 0, 0x12] {
        assert_eq!(control.handle_uni(18, &[byte]), Ok(UniStreamAction::Keep));
    }
    assert_eq!(control.handle_uni(18, &[0x34]), Ok(UniStreamAction::Discard));
    assert!(control.pending.is_empty());
    assert_eq!(control.handle_uni_end(14), Ok(()), "the end of what is no longer known says nothing");
}

#[test]
fn a_stream_may_end_before_its_type() {
    let mut control = settled();
    assert_eq!(control.handle_uni(14, &[]), Ok(UniStreamAction::Keep));
    assert_eq!(control.handle_uni(14, &[0x40]), Ok(UniStreamAction::Keep));
    assert_eq!(control.handle_uni_end(14), Ok(()));
    assert!(control.pending.is_empty());
}

#[test]
fn streams_without_a_type_have_a_bound() {
    let mut control = settled();
    for stream in 0..8 {
        assert_eq!(control.handle_uni(14 + 4 * stream, &[0x40]), Ok(UniStreamAction::Keep));
    }
    let fault = control.handle_uni(100, &[0x40]).unwrap_err();
    assert_eq!((fault.code, fault.scope), (ErrorCode::ExcessiveLoad, FaultScope::Connection));
}

#[test]
fn qpack_streams_may_say_what_means_nothing() {
    let mut control = settled();
    assert_eq!(control.handle_uni(ENCODER, &[0x02, 0x20, 0x20]), Ok(UniStreamAction::Keep));
    assert_eq!(control.handle_uni(DECODER, &[0x03, 0x44, 0x7f, 0x80]), Ok(UniStreamAction::Keep));
    assert_eq!(
        control.handle_uni(DECODER, &[0x81]),
        Ok(UniStreamAction::Keep),
        "within an id, 0x81 is no acknowledgment"
    );
    assert_eq!(control.handle_uni(DECODER, &[0x01, 0x40]), Ok(UniStreamAction::Keep));
}

#[test]
fn each_critical_stream_is_missed() {
    for stream in [CONTROL, ENCODER, DECODER] {
        let mut control = settled();
        control.handle_uni(ENCODER, &[0x02]).unwrap();
        control.handle_uni(DECODER, &[0x03]).unwrap();
        let fault = control.handle_uni_end(stream).unwrap_err();
        assert_eq!((fault.code, fault.scope), (ErrorCode::ClosedCriticalStream, FaultScope::Connection));
    }
}

#[test]
fn goaway_names_the_first_request_that_will_not_be_processed() {
    let mut control = settled();
    assert_eq!(Control::new(Limits::default()).goaway(), &[0x07, 0x01, 0x00][..]);
    control.handle_request_stream(8).unwrap();
    control.handle_request_stream(0).unwrap();
    assert!(!control.is_draining());
    assert_eq!(control.goaway(), &[0x07, 0x01, 0x0c][..]);
    assert!(control.is_draining());
    assert_eq!(control.handle_request_stream(4), Ok(()), "it was late, not new");
    let fault = control.handle_request_stream(12).unwrap_err();
    assert_eq!((fault.code, fault.scope), (ErrorCode::RequestRejected, FaultScope::Stream));
    assert_eq!(control.goaway(), &[0x07, 0x01, 0x0c][..]);
}

#[test]
fn idle_frames_have_a_bound_between_requests() {
    let update = frame(0xf_0700, b"\x00u=3");
    let mut control = settled();
    for _ in 0..255 {
        control.handle_uni(CONTROL, &update).unwrap();
    }
    let mut busy = Control::new(Limits::default());
    busy.handle_uni(CONTROL, &[0x00, 0x04, 0x00]).unwrap();
    for request in 0..1_000 {
        busy.handle_request_stream(4 * request).unwrap();
        busy.handle_uni(CONTROL, &update).unwrap();
    }
    let fault = control.handle_uni(CONTROL, &update).unwrap_err();
    assert_eq!((fault.code, fault.scope), (ErrorCode::ExcessiveLoad, FaultScope::Connection));
    let cancellations = [&[0x03][..], &[0x44; 257]].concat();
    assert_eq!(settled().handle_uni(DECODER, &cancellations).unwrap_err().code, ErrorCode::ExcessiveLoad);
    let capacities = [&[0x02][..], &[0x20; 257]].concat();
    assert_eq!(settled().handle_uni(ENCODER, &capacities).unwrap_err().code, ErrorCode::ExcessiveLoad);
}
