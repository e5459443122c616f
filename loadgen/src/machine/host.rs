//! The machine on which loadgen runs, as a report describes it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fs;
use std::num::NonZeroUsize;
use std::thread;

/// The machine and the program that sent the load.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoadHost {
    /// The model of the CPU, if the kernel names one.
    pub cpu: Option<String>,
    /// The number of cores that loadgen may use.
    pub cores: usize,
    /// The release of the kernel.
    pub kernel: Option<String>,
    /// The size of the memory. **Units**: bytes.
    pub memory_bytes: Option<u64>,
    /// The version of loadgen.
    pub loadgen: String,
}

impl LoadHost {
    /// Reads the description of this machine. An entry that the kernel does not have is left out.
    #[must_use]
    pub fn read() -> Self {
        let text = |path| fs::read_to_string(path).ok();
        Self {
            cpu: text("/proc/cpuinfo").and_then(|text| Some(field(&text, "model name")?.to_owned())),
            cores: thread::available_parallelism().map_or(1, NonZeroUsize::get),
            kernel: text("/proc/sys/kernel/osrelease").map(|text| format!("Linux {}", text.trim())),
            memory_bytes: text("/proc/meminfo").and_then(|text| memory_bytes(&text)),
            loadgen: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// The first value of this name in lines of names and values.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(own, _)| own.trim() == name).map(|(_, value)| value.trim())
}

fn memory_bytes(text: &str) -> Option<u64> {
    let kib: u64 = field(text, "MemTotal")?.strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_read() {
        let text = "processor\t: 0\nmodel name\t: A CPU: 3 GHz\nmodel name\t: another\n";
        assert_eq!(field(text, "model name"), Some("A CPU: 3 GHz"));
        assert_eq!(field(text, "model"), None);
        assert_eq!(memory_bytes("MemFree: 1 kB\nMemTotal:       2048 kB\n"), Some(2 << 20));
        assert_eq!(memory_bytes("MemTotal: many kB\n"), None);
    }

    #[test]
    fn this_machine_has_cores_and_memory() {
        let host = LoadHost::read();
        assert!(host.cores > 0 && host.memory_bytes > Some(1 << 20), "{host:?}");
    }
}
