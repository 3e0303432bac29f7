//! Events, and sets of them that are never empty.

use std::fmt;
use std::ops::BitOr;

/// What happens to a sandbox or a container. Names and numbers are NRI's own (`Event` of its `api.proto`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Event {
    /// A sandbox has been made and has its network; no container has. An error fails the pod.
    RunPodSandbox = 1,
    /// A sandbox has stopped; its network is still there. An error is only logged.
    StopPodSandbox = 2,
    /// A sandbox is removed. An error is only logged.
    RemovePodSandbox = 3,
    /// A container is about to be made. An error fails that.
    CreateContainer = 4,
    /// A container has been made. An error is only logged.
    PostCreateContainer = 5,
    /// A container is about to start: its process waits. An error fails that.
    StartContainer = 6,
    /// A container has started. An error is only logged.
    PostStartContainer = 7,
    /// A container's resources are about to change. An error fails that.
    UpdateContainer = 8,
    /// A container's resources have changed. An error is only logged.
    PostUpdateContainer = 9,
    /// A container has stopped. An error is only logged.
    StopContainer = 10,
    /// A container is removed. An error is only logged.
    RemoveContainer = 11,
    /// A sandbox's resources are about to change; containerd 2.3 and newer. An error fails that.
    UpdatePodSandbox = 12,
    /// A sandbox's resources have changed; containerd 2.3 and newer. An error is only logged.
    PostUpdatePodSandbox = 13,
    /// The plugins' adjustments of a container are judged; containerd 2.2 and newer. An error fails the container.
    ValidateContainerAdjustment = 14,
}

impl Event {
    /// All events, in the order of their numbers.
    pub const ALL: [Self; 14] = [
        Self::RunPodSandbox,
        Self::StopPodSandbox,
        Self::RemovePodSandbox,
        Self::CreateContainer,
        Self::PostCreateContainer,
        Self::StartContainer,
        Self::PostStartContainer,
        Self::UpdateContainer,
        Self::PostUpdateContainer,
        Self::StopContainer,
        Self::RemoveContainer,
        Self::UpdatePodSandbox,
        Self::PostUpdatePodSandbox,
        Self::ValidateContainerAdjustment,
    ];

    /// The event of a number; newer runtimes may have ones that are not known here.
    #[must_use]
    pub fn of_number(number: i32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|event| i32::from(*event as u8) == number)
    }

    /// The event whose method has this name.
    #[must_use]
    pub fn of_method(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.method() == name)
    }

    /// The name of the event's method.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::RunPodSandbox => "RunPodSandbox",
            Self::StopPodSandbox => "StopPodSandbox",
            Self::RemovePodSandbox => "RemovePodSandbox",
            Self::CreateContainer => "CreateContainer",
            Self::PostCreateContainer => "PostCreateContainer",
            Self::StartContainer => "StartContainer",
            Self::PostStartContainer => "PostStartContainer",
            Self::UpdateContainer => "UpdateContainer",
            Self::PostUpdateContainer => "PostUpdateContainer",
            Self::StopContainer => "StopContainer",
            Self::RemoveContainer => "RemoveContainer",
            Self::UpdatePodSandbox => "UpdatePodSandbox",
            Self::PostUpdatePodSandbox => "PostUpdatePodSandbox",
            Self::ValidateContainerAdjustment => "ValidateContainerAdjustment",
        }
    }

    fn bit(self) -> i32 {
        1 << (self as u8 - 1)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method())
    }
}

/// A set of events, written `Event::RunPodSandbox | Event::StartContainer`.
///
/// It has no empty value: to a runtime, none means all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Events(i32);

impl Events {
    /// What every runtime knows: events 1 to 11.
    pub const OLDEST: Self = Self(0x7ff);

    /// What NRI 0.10 and newer know.
    pub const ALL: Self = Self(0x3fff);

    /// Whether an event is in the set.
    #[must_use]
    pub fn contains(self, event: Event) -> bool {
        self.0 & event.bit() != 0
    }

    /// What is in both sets, if anything is.
    #[must_use]
    pub fn and(self, other: Self) -> Option<Self> {
        Some(self.0 & other.0).filter(|bits| *bits != 0).map(Self)
    }

    /// The events of the set, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = Event> {
        Event::ALL
            .into_iter()
            .filter(move |event| self.contains(*event))
    }

    /// The bits as the runtime wants them.
    #[must_use]
    pub fn mask(self) -> i32 {
        self.0
    }
}

impl From<Event> for Events {
    fn from(event: Event) -> Self {
        Self(event.bit())
    }
}

impl<T: Into<Events>> BitOr<T> for Event {
    type Output = Events;

    fn bitor(self, other: T) -> Events {
        Events::from(self) | other
    }
}

impl<T: Into<Events>> BitOr<T> for Events {
    type Output = Self;

    fn bitor(self, other: T) -> Self {
        Self(self.0 | other.into().0)
    }
}

impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, event) in self.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{event}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_events_bit_is_its_number_less_one() {
        let masks: Vec<i32> = Event::ALL.map(|event| Events::from(event).mask()).into();
        assert_eq!(masks, (0..14).map(|bit| 1 << bit).collect::<Vec<i32>>());
        assert_eq!((Event::RunPodSandbox | Event::StartContainer).mask(), 0x21);
    }

    #[test]
    fn names_and_numbers_lead_back_to_their_event() {
        for event in Event::ALL {
            assert_eq!(Event::of_method(event.method()), Some(event));
            assert_eq!(Event::of_number(event as i32), Some(event));
        }
        assert_eq!(Event::of_number(0), None);
        assert_eq!(Event::of_number(15), None);
        assert_eq!(Event::of_method("Configure"), None);
    }

    #[test]
    fn all_are_all_and_the_oldest_eleven() {
        assert_eq!(Events::ALL.iter().collect::<Vec<_>>(), Event::ALL);
        assert_eq!(Events::OLDEST.iter().last(), Some(Event::RemoveContainer));
    }

    #[test]
    fn what_two_sets_share_may_be_nothing() {
        let new = Events::from(Event::UpdatePodSandbox);
        assert_eq!(new.and(Events::OLDEST), None);
        let both = new | Event::RunPodSandbox;
        assert_eq!(both.and(Events::OLDEST), Some(Event::RunPodSandbox.into()));
        assert_eq!(both.to_string(), "RunPodSandbox, UpdatePodSandbox");
    }
}
