//! A kernel that is asked for nothing that would reach beyond the pod through a shared device.

use super::device::{Device, End};
use super::touch::{Change, Top, Touch, Which};
use super::{Never, Shared, Switch};
use crate::kernel::{Answer, Kernel};
use crate::uapi::rtm;
use crate::wire::Request;

/// Kinds whose address table is that of the port, which all of them on a lower link share.
const IPVLANS: [&str; 2] = ["ipvlan", "ipvtap"];

/// Why a command may not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It would change a shared device.
    Shared(Box<Shared>),
    /// The kernel does not tell whether it would.
    Untold(String),
}

/// A kernel as one command sees it that may not change shared devices, or not further than its switch says.
pub(crate) struct Fenced<'k> {
    kernel: &'k mut dyn Kernel,
    switch: &'k Switch,
    stop: Option<Stop>,
}

impl<'k> Fenced<'k> {
    /// Over another kernel.
    pub(crate) fn over(kernel: &'k mut dyn Kernel, switch: &'k Switch) -> Self {
        Self {
            kernel,
            switch,
            stop: None,
        }
    }

    /// Why the command was kept from a change, if it was.
    pub(crate) fn into_stop(self) -> Option<Stop> {
        self.stop
    }

    fn admit(&mut self, request: &Request) -> Result<(), Stop> {
        let Touch { there, top } = Touch::of(request);
        if let Some((which, changes)) = there {
            for device in self.devices(&which).map_err(Stop::Untold)? {
                for change in &changes {
                    self.admit_change(&device, *change)?;
                }
            }
        }
        match top {
            Some((below, top)) => self.admit_top(below, top),
            None => Ok(()),
        }
    }

    /// Those that the kernel takes a message to mean: it looks for an index, then a name, then a group.
    fn devices(&mut self, which: &Which) -> Result<Vec<Device>, String> {
        let one = match (which.index, &which.name) {
            (0, None) => None,
            (0, Some(name)) => Device::named(name, self.kernel)?,
            (index, _) => Device::of(index, self.kernel)?,
        };
        match (one, which.group) {
            (Some(device), _) => Ok(vec![device]),
            (None, Some(group)) if which.index == 0 => Device::grouped(group, self.kernel),
            // The kernel has its own words for what is not there.
            (None, _) => Ok(Vec::new()),
        }
    }

    fn admit_change(&mut self, device: &Device, change: Change) -> Result<(), Stop> {
        let is_none = match change {
            Change::Flag(flag, value) => device.flags & flag == value,
            Change::IpAddress => !device.is_kind(&IPVLANS),
            _ => false,
        };
        if is_none {
            return Ok(());
        }
        let Some(end) = device.end(self.kernel).map_err(Stop::Untold)? else {
            return Ok(());
        };
        if let Change::Master(master) = change {
            let master = Device::of(master, self.kernel).map_err(Stop::Untold)?;
            // A vrf changes nothing of its parts but the table of their routes.
            if master.is_none_or(|master| master.is_kind(&["vrf"])) {
                return Ok(());
            }
        }
        let never = (change == Change::Kind).then_some(Never::Kind);
        self.decide(device, end, change.word(), never)
    }

    fn admit_top(&mut self, below: u32, top: Top) -> Result<(), Stop> {
        let Some(device) = Device::of(below, self.kernel).map_err(Stop::Untold)? else {
            return Ok(());
        };
        let Some(end) = device.end(self.kernel).map_err(Stop::Untold)? else {
            return Ok(());
        };
        let never = (top == Top::Other).then_some(Never::Top);
        self.decide(&device, end, "a vlan on it", never)
    }

    fn decide(
        &self,
        device: &Device,
        end: End,
        word: &'static str,
        never: Option<Never>,
    ) -> Result<(), Stop> {
        let never = never.or(end.is_passthru.then_some(Never::Passthru));
        let remedy = match (never, self.switch) {
            (None, Switch::On) => return Ok(()),
            (None, Switch::Off { remedy }) => Some(remedy.clone()),
            (Some(_), _) => None,
        };
        Err(Stop::Shared(Box::new(Shared {
            device: device.name.clone(),
            why: end.why,
            word,
            never,
            remedy,
        })))
    }
}

/// A kernel that is asked as ever, and changes nothing.
pub(crate) struct Unchanging<'k>(pub(crate) &'k mut dyn Kernel);

impl Kernel for Unchanging<'_> {
    fn exchange(&mut self, request: &Request) -> Answer {
        if rtm::is_change(request.kind) {
            return Answer {
                acknowledged: true,
                ..Answer::default()
            };
        }
        self.0.exchange(request)
    }
}

impl Kernel for Fenced<'_> {
    fn exchange(&mut self, request: &Request) -> Answer {
        match self.admit(request) {
            Ok(()) => self.kernel.exchange(request),
            Err(stop) => {
                self.stop.get_or_insert(stop);
                Answer::default()
            }
        }
    }
}
