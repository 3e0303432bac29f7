//! What a pod could do to its node with the words of `ip`, a test a way, through every door that commands have, with the
//! widest rights there are: each is refused as its row demands, and nothing of the node has changed.

mod bed;
mod bounds;
mod calls;
mod doors;
mod names;
mod namespaces;
mod operator;
mod picture;
mod place;
mod pods;
pub(super) mod rows;
mod runtime;
mod shared_tables;
mod socket;
mod sound;
mod swapped;

use anyhow::{Context, Result, ensure};

use bed::{Bed, Right};
use doors::{Door, Outcome, Told};
use picture::Picture;
use rows::{Demand, row};

/// Puts all forms of a row through all doors.
fn holds(number: usize) -> Result<()> {
    let forms = row(number).forms();
    ensure!(!forms.is_empty(), "row {number} has no forms");
    let bed = Bed::new(forms.iter().map(|(form, _)| *form))?;
    let before = Picture::of(&bed)?;
    let mut granted = false;
    for (at, (form, demand)) in forms.iter().enumerate() {
        for door in Door::ALL {
            let told = bed.put(door, at, Right::All)?;
            let met = demand.is_met(door, &told);
            met.with_context(|| format!("{form:?} by {door:?}: {told:?}"))?;
            if matches!(demand, Demand::Granted | Demand::Unnamed) {
                granted = true;
                bed.furnish()?;
            }
        }
        match demand {
            Demand::Granted => is_for_the_policy_to_grant(&bed, at)?,
            Demand::Unnamed => {
                is_for_the_policy_to_grant(&bed, at)?;
                is_no_better_by_tokens(&bed, at)?;
            }
            Demand::Never | Demand::Unknown => is_no_better_by_tokens(&bed, at)?,
            Demand::NoDevice | Demand::Idle => {}
        }
    }
    bed.keeps_no_secret()?;
    let mut after = Picture::of(&bed)?;
    if granted {
        after.forget_the_pod(&before);
    }
    before.is(&after, &format!("row {number}"))
}

/// By default, and with profile `route`, a pod is refused, and told what it would need.
fn is_for_the_policy_to_grant(bed: &Bed, form: usize) -> Result<()> {
    for right in [Right::Default, Right::Route] {
        for door in Door::OF_PODS {
            let told = bed.put(door, form, right)?;
            let refused =
                told.outcome == Outcome::Denied && told.text.contains("needs profile net-admin");
            ensure!(refused, "form {form} by {door:?} with {right:?}: {told:?}");
        }
    }
    Ok(())
}

/// Neither is what comes out of the node's values.
fn is_no_better_by_tokens(bed: &Bed, form: usize) -> Result<()> {
    for (line, told) in bed.smuggle(form)? {
        ensure!(told.outcome != Outcome::Ran, "{line:?} ran: {told:?}");
    }
    Ok(())
}

impl Demand {
    /// Whether what came of a form with the widest rights is what is demanded of it.
    fn is_met(self, door: Door, told: &Told) -> Result<()> {
        let says = |text: &str| told.text.contains(text);
        // The command line's `ip` speaks as `ip` does, and has nobody to allow it anything.
        let never =
            says("never allowed: ") || (door == Door::Ip && says("is not available here: "));
        // Without a kernel to ask, no device is known to be missing.
        let judged_alone = door == Door::Check;
        let callers = matches!(door, Door::Run | Door::Try | Door::Ip);
        let met = match (self, told.outcome) {
            (Self::Never, outcome) => never && outcome != Outcome::Ran,
            (Self::Unknown, outcome) => outcome != Outcome::Ran,
            (Self::NoDevice, Outcome::Failed) => {
                says("Cannot find device") || says("does not exist")
            }
            (Self::NoDevice, outcome) => judged_alone && outcome == Outcome::Ran,
            (Self::Unnamed, outcome) if !callers => {
                outcome != Outcome::Ran && says("which is loaded only if [modules] load names it")
            }
            // The command line acts with its caller's rights.
            (Self::Granted | Self::Unnamed | Self::Idle, Outcome::Ran) => true,
            (Self::Granted | Self::Unnamed, Outcome::Failed) => {
                FOR_THE_KERNEL.iter().any(|text| says(text))
            }
            (Self::Granted | Self::Unnamed | Self::Idle, _) => false,
        };
        ensure!(met, "{self:?} is not met");
        Ok(())
    }
}

/// How it sounds when what was granted came to the kernel, and that has no such kind of device or congestion control, or
/// when it did come about, and leaves a pod without the interface that was promised to the runtime.
const FOR_THE_KERNEL: [&str; 5] = [
    "No such process",
    "Unknown device type",
    "Operation not supported",
    "No such file or directory",
    "interface eth0 is gone after the commands",
];

macro_rules! rows {
    ($($name:ident = $number:literal;)*) => {
        $(#[test]
        fn $name() -> Result<()> {
            holds($number)
        })*
    };
}

// Rows 33, 34: `bounds.rs`. Rows 36 to 38: `names.rs`.
rows! {
    row_01_netns_exec_runs_no_program = 1;
    row_02_netns_exec_in_all_namespaces_runs_no_program = 2;
    row_03_vrf_exec_runs_no_program = 3;
    row_04_no_option_leads_into_the_nodes_namespace = 4;
    row_05_no_option_leads_into_another_pods_namespace = 5;
    row_06_namespaces_are_not_named_or_listed = 6;
    row_07_namespaces_are_not_deleted = 7;
    row_08_no_name_of_a_namespace_makes_a_file = 8;
    row_09_no_file_is_read_as_a_batch = 9;
    row_10_no_device_leaves_the_namespace = 10;
    row_11_no_peer_lies_elsewhere = 11;
    row_12_no_device_is_made_elsewhere = 12;
    row_13_no_device_hangs_on_one_of_another_namespace = 13;
    row_14_devices_on_the_pods_own_wire_are_for_the_policy_to_grant_and_taps_are_not_made = 14;
    row_15_no_program_is_attached_to_a_device = 15;
    row_16_no_program_is_attached_to_a_route = 16;
    row_17_a_kind_is_no_path_and_no_unknown_word = 17;
    row_18_a_device_that_is_not_there_loads_no_module = 18;
    row_19_what_loads_a_module_by_name_is_from_a_list_or_named_by_the_operator = 19;
    row_20_every_command_ends = 20;
    row_21_no_file_is_read_as_messages_of_the_kernel = 21;
    row_22_no_name_is_resolved = 22;
    row_23_nothing_is_saved = 23;
    row_24_nothing_is_restored = 24;
    row_25_a_cache_that_kernels_no_longer_have_is_flushed_by_doing_nothing = 25;
    row_26_virtual_functions_are_not_touched = 26;
    row_27_no_sysctl_is_set_by_a_link = 27;
    row_28_no_tap_is_made_or_listed = 28;
    row_29_no_key_is_read_or_set = 29;
    row_30_tunnels_of_other_objects_are_not_spoken = 30;
    row_31_objects_that_stay_in_the_namespace_are_not_spoken_either = 31;
    row_32_parameters_of_neighbour_tables_are_not_spoken = 32;
    row_35_no_buffer_is_sized = 35;
    row_39_what_may_spoof_or_break_a_pod_is_for_the_policy_to_grant = 39;
    row_40_a_device_that_cannot_move_is_refused_by_the_reader_already = 40;
}
