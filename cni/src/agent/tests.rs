//! What is written and read here is what prost makes of the same messages.

use chainsaw_nri::agent::{self, LookupRequest, LookupResponse, PingResponse, ReportRequest};
use prost::Message;

use super::call::{REQUEST_BYTES, SERVICE, answered};
use super::*;

#[test]
fn a_request_is_what_prost_makes_of_it() {
    for length in [0, 1, 127, 128, 16_383, 16_384, 300_000] {
        let message = ReportRequest {
            report: vec![b'x'; length],
            reason: "CommandDenied".into(),
            goes_on: true,
        };
        let mut request = Vec::new();
        bytes(1, &message.report, &mut request);
        bytes(2, message.reason.as_bytes(), &mut request);
        request.extend([3 << 3, 1]);
        assert_eq!(request, message.encode_to_vec(), "{length}");
    }
    assert_eq!(
        (SERVICE, REQUEST_BYTES),
        (agent::SERVICE, agent::REQUEST_BYTES)
    );
}

#[test]
fn a_question_is_what_prost_makes_of_it() {
    for uid in [None, Some("u".to_owned())] {
        let pod = Pod {
            namespace: "default".into(),
            name: "web".into(),
            uid: uid.clone(),
            labels: None,
        };
        let message = LookupRequest {
            namespace: "default".into(),
            name: "web".into(),
            uid: uid.unwrap_or_default(),
        };
        assert_eq!(question(&pod), message.encode_to_vec());
    }
}

#[test]
fn an_answer_is_what_prost_makes_of_it() {
    let payload = PingResponse { nri: true }.encode_to_vec();
    assert_eq!(payload, [0x08, 1]);
    let response = [&[0x12, 2][..], &payload].concat();
    assert_eq!(answered(&response).unwrap(), payload);
    assert_eq!(answered(b"").unwrap(), b"");
    for length in [0, 1, 127, 128, 16_384, 300_000] {
        let answer = vec![b'x'; length];
        let message = LookupResponse {
            answer: answer.clone(),
        };
        let payload = message.encode_to_vec();
        let mut response = Vec::new();
        bytes(2, &payload, &mut response);
        assert_eq!(answered(&response).unwrap(), payload);
        let read = field(1, &payload);
        assert_eq!(read, (length != 0).then_some(&answer[..]), "{length}");
    }
    let endless = [&[0x12][..], &[0xff; 20]].concat();
    for refused in [
        &b"\x0a\x02\x08\x0c"[..],
        b"\x12\x05\x08\x01",
        b"\x12",
        b"x",
        &endless,
    ] {
        assert!(answered(refused).is_err(), "{refused:?}");
    }
}
