//! What is known of the namespace's devices.

/// The devices that were looked up: index and name; of VRFs, their tables too.
#[derive(Debug, Clone, Default)]
pub struct Devices {
    indices: Vec<(u32, String)>,
    tables: Vec<(u32, String)>,
}

impl Devices {
    /// A device has this index and this name, or altname.
    pub fn learn(&mut self, index: u32, name: &str) {
        self.indices.push((index, name.to_owned()));
    }

    /// The index of a device that was looked up; 0, which is no device, if it was not.
    #[must_use]
    pub fn index(&self, name: &str) -> u32 {
        number(&self.indices, name)
    }

    /// A VRF has this table.
    pub fn learn_table(&mut self, table: u32, vrf: &str) {
        self.tables.push((table, vrf.to_owned()));
    }

    /// The table of a VRF that was looked up; 0, which is no table, if it was not.
    #[must_use]
    pub fn table(&self, vrf: &str) -> u32 {
        number(&self.tables, vrf)
    }
}

fn number(known: &[(u32, String)], name: &str) -> u32 {
    known
        .iter()
        .find(|(_, known)| known == name)
        .map_or(0, |(number, _)| *number)
}

/// What a reply says of a device only by its index.
pub trait Names {
    /// The name of this index; `if7` for one that has gone meanwhile.
    fn name(&mut self, index: u32) -> String;
    /// Its link layer, `ARPHRD_…`; that of none if it has gone.
    fn hardware(&mut self, index: u32) -> u16;
    /// Whether it is up; one that is not there is not down.
    fn is_up(&mut self, index: u32) -> bool;
}
