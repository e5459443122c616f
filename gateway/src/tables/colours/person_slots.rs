//! The slots of a shard, in memory pages of their own: a shard that grows gives its old pages back to the
//! system. An allocator would keep a fifth of the table for blocks of sizes that do not come again.

use super::{PackedPerson, PersonEntry};
use memmap2::MmapMut;
use scangate_core::person::PackedHolder;
use std::alloc::{Layout, handle_alloc_error};
use zerocopy::{FromBytes as _, FromZeros, Immutable, IntoBytes, KnownLayout};

/// The number that marks a vacant slot. New pages are zero.
pub(super) const VACANT: u64 = 0;

/// The bytes in which the system gives memory.
const PAGE_BYTES: usize = 4_096;

/// A person and the record, or a vacant place.
#[derive(Clone, Copy, zerocopy::FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub(super) struct PersonSlot {
    pub(super) person: u64,
    packed: u64,
    holder: u64,
}

/// The slots. They begin vacant.
#[derive(Default)]
pub(super) struct PersonSlots {
    pages: Option<MmapMut>,
    count: usize,
}

impl PersonSlot {
    /// The slot of a person.
    pub(super) const fn of(person: u64, entry: PersonEntry) -> Self {
        Self { person, packed: entry.packed.0, holder: entry.holder.bits() }
    }

    /// The record.
    pub(super) const fn entry(&self) -> PersonEntry {
        PersonEntry { packed: PackedPerson(self.packed), holder: PackedHolder::of_bits(self.holder) }
    }

    /// Makes the slot vacant.
    pub(super) fn clear(&mut self) {
        self.zero();
    }
}

impl PersonSlots {
    /// At least so many vacant slots: as many as fill their pages.
    pub(super) fn at_least(count: usize) -> Self {
        let bytes = (count * size_of::<PersonSlot>()).next_multiple_of(PAGE_BYTES);
        let pages = MmapMut::map_anon(bytes).unwrap_or_else(|_| {
            handle_alloc_error(Layout::from_size_align(bytes, PAGE_BYTES).expect("a shard is small"))
        });
        Self { pages: Some(pages), count: bytes / size_of::<PersonSlot>() }
    }

    /// All slots.
    pub(super) fn all(&self) -> &[PersonSlot] {
        let Some(pages) = &self.pages else { return &[] };
        let slots = <[PersonSlot]>::ref_from_prefix_with_elems(pages, self.count);
        slots.map(|(slots, _)| slots).unwrap_or_else(|_| unreachable!("pages are aligned, and the slots fit"))
    }

    /// All slots, to change them.
    pub(super) fn all_mut(&mut self) -> &mut [PersonSlot] {
        let Some(pages) = &mut self.pages else { return &mut [] };
        let slots = <[PersonSlot]>::mut_from_prefix_with_elems(pages, self.count);
        slots.map(|(slots, _)| slots).unwrap_or_else(|_| unreachable!("pages are aligned, and the slots fit"))
    }
}
