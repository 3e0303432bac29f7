//! What is known of the namespace's devices.

/// The devices that were looked up: index and name.
#[derive(Debug, Clone, Default)]
pub struct Devices(Vec<(u32, String)>);

impl Devices {
    /// A device has this index and this name, or altname.
    pub fn learn(&mut self, index: u32, name: &str) {
        self.0.push((index, name.to_owned()));
    }

    /// The index of a device that was looked up; 0, which is no device, if it was not.
    #[must_use]
    pub fn index(&self, name: &str) -> u32 {
        self.0
            .iter()
            .find(|(_, known)| known == name)
            .map_or(0, |(index, _)| *index)
    }
}

/// What a reply says of a device only by its index.
pub trait Names {
    /// The name of this index; `if7` for one that has gone meanwhile.
    fn name(&mut self, index: u32) -> String;
    /// Whether it is up.
    fn is_up(&mut self, index: u32) -> bool;
}
