//! What the runtime asks: method names and their requests, read.

use prost::Message;

use crate::api::{
    ConfigureRequest, Container, EventRequest, PodSandbox, StateChangeEvent, SynchronizeRequest,
};
use crate::events::Event;
use crate::ttrpc::status::{Status, code};

/// What is asked of a plugin.
#[derive(Debug, PartialEq)]
pub(crate) enum Asked {
    /// To introduce itself.
    Configure(ConfigureRequest),
    /// To take note of what is there.
    Synchronize(SynchronizeRequest),
    /// Something happens.
    Event(Box<Happened>),
    /// Nothing: Shutdown, which no runtime sends and which means nothing; an event that is not known here.
    Nothing,
}

/// An event, and what it is about. A sandbox's event has an empty container.
#[derive(Debug, PartialEq)]
pub(crate) struct Happened {
    pub(crate) event: Event,
    pub(crate) pod: PodSandbox,
    pub(crate) container: Container,
}

/// Reads a request. Every method of the interface is known; any other is UNIMPLEMENTED, which tells a newer runtime to
/// try StateChange.
pub(crate) fn read(method: &str, request: &[u8]) -> Result<Asked, Status> {
    match method {
        "Configure" => decode(request).map(Asked::Configure),
        "Synchronize" => decode(request).map(Asked::Synchronize),
        "Shutdown" => Ok(Asked::Nothing),
        "StateChange" => {
            let change: StateChangeEvent = decode(request)?;
            match Event::of_number(change.event) {
                Some(event) => happened(event, change.pod, change.container),
                None => Ok(Asked::Nothing),
            }
        }
        _ => {
            let event = Event::of_method(method).ok_or_else(|| unimplemented(method))?;
            let request: EventRequest = decode(request)?;
            happened(event, request.pod, request.container)
        }
    }
}

/// No such method, or service.
pub(crate) fn unimplemented(what: &str) -> Status {
    let why = format!("{what} is no method of a plugin that this one knows");
    Status::new(code::UNIMPLEMENTED, why)
}

fn happened(
    event: Event,
    pod: Option<PodSandbox>,
    container: Option<Container>,
) -> Result<Asked, Status> {
    let pod = pod.ok_or_else(|| {
        let why = format!("the runtime told of {event} without saying in which sandbox");
        Status::new(code::INVALID_ARGUMENT, why)
    })?;
    Ok(Asked::Event(Box::new(Happened {
        event,
        pod,
        container: container.unwrap_or_default(),
    })))
}

fn decode<T: Message + Default>(request: &[u8]) -> Result<T, Status> {
    T::decode(request).map_err(|error| {
        let why = format!("the runtime's request cannot be read: {error}");
        Status::new(code::INVALID_ARGUMENT, why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox() -> PodSandbox {
        PodSandbox {
            id: "s1".into(),
            ..PodSandbox::default()
        }
    }

    #[test]
    fn an_event_is_the_same_by_its_own_method_and_as_a_state_change() {
        for event in Event::ALL {
            let expected = happened(event, Some(sandbox()), None);
            let own = EventRequest {
                pod: Some(sandbox()),
                container: None,
            };
            assert_eq!(read(event.method(), &own.encode_to_vec()), expected);
            let change = StateChangeEvent {
                event: event as i32,
                pod: Some(sandbox()),
                container: None,
            };
            assert_eq!(read("StateChange", &change.encode_to_vec()), expected);
        }
    }

    #[test]
    fn an_event_that_is_not_known_is_ignored() {
        for number in [0, 15, 99, -1] {
            let change = StateChangeEvent {
                event: number,
                pod: None,
                container: None,
            };
            assert_eq!(
                read("StateChange", &change.encode_to_vec()),
                Ok(Asked::Nothing)
            );
        }
    }

    #[test]
    fn a_method_that_is_not_known_is_unimplemented() {
        for method in ["", "runpodsandbox", "UpdateContainers", "BlockPodSandbox"] {
            assert_eq!(read(method, &[]).unwrap_err().code, 12, "{method}");
        }
    }

    #[test]
    fn a_request_that_cannot_be_read_is_refused() {
        for method in ["Configure", "Synchronize", "StateChange", "RunPodSandbox"] {
            assert_eq!(read(method, &[0xff]).unwrap_err().code, 3, "{method}");
        }
        assert_eq!(read("RunPodSandbox", &[]).unwrap_err().code, 3);
    }
}
