//! Channels: the apps and pages through which people come. A channel is identified by the TLS server name
//! (SNI), read once per connection. Each has a quota of requests a second; the excess is shed and costs
//! the others nothing.

use crate::config::ChannelConfig;
use arc_swap::ArcSwap;
use metrics::Counter;
use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

/// The span whose quota a channel may spend in one burst. **Units**: nanoseconds.
const BURST_NS: u64 = 1_000_000_000;

/// A channel.
pub struct Channel {
    quota: Quota,
    taken: Counter,
    shed: Counter,
}

/// The channels of one configuration.
#[derive(Default)]
struct ChannelTable {
    by_name: HashMap<String, Arc<Channel>>,
    by_host: HashMap<String, Arc<Channel>>,
    /// The channel of connections that name none of the hosts.
    rest: Option<Arc<Channel>>,
}

/// All channels of a gateway. A reload swaps the table.
pub struct Channels {
    table: ArcSwap<ChannelTable>,
    /// Whether the table has none, so that a gateway without channels reads nothing else.
    is_empty: AtomicBool,
    began: Instant,
}

impl ChannelTable {
    /// The channels of a configuration. A channel that has the name of an earlier one continues it, so its
    /// open connections follow the new quota.
    fn of(channels: &[ChannelConfig], earlier: &Self) -> Self {
        let mut table = Self::default();
        for config in channels {
            let channel = match earlier.by_name.get(&config.name) {
                Some(channel) => Arc::clone(channel),
                None => Arc::new(Channel::new(config)),
            };
            channel.quota.set(config.requests_a_second_max);
            if config.hosts.is_empty() {
                table.rest = Some(Arc::clone(&channel));
            }
            let hosts = config.hosts.iter().map(|host| (host.as_str().to_owned(), Arc::clone(&channel)));
            table.by_host.extend(hosts);
            table.by_name.insert(config.name.clone(), channel);
        }
        table
    }
}

impl Channels {
    /// The channels of a configuration.
    #[must_use]
    pub fn new(channels: &[ChannelConfig]) -> Self {
        let table = ArcSwap::from_pointee(ChannelTable::of(channels, &ChannelTable::default()));
        Self { table, is_empty: AtomicBool::new(channels.is_empty()), began: Instant::now() }
    }

    /// Replaces the channels. An open connection stays in its channel; if that is gone, with its last quota.
    pub fn swap(&self, channels: &[ChannelConfig]) {
        self.table.store(Arc::new(ChannelTable::of(channels, &self.table.load())));
        self.is_empty.store(channels.is_empty(), Ordering::Release);
    }

    /// Whether no channel is configured, so that the server name need not be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.is_empty.load(Ordering::Acquire)
    }

    /// The channel of a connection, by the server name that it sends, if any.
    #[must_use]
    pub fn of(&self, host: Option<&str>) -> Option<Arc<Channel>> {
        let table = self.table.load();
        host.and_then(|host| table.by_host.get(host)).or(table.rest.as_ref()).map(Arc::clone)
    }

    /// Counts a request of a channel, and returns whether its quota allows it.
    pub fn admit(&self, channel: &Channel, now: Instant) -> bool {
        let now_ns = u64::try_from(now.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX);
        let is_admitted = channel.quota.take(now_ns);
        if is_admitted {
            channel.taken.increment(1)
        } else {
            channel.shed.increment(1)
        }
        is_admitted
    }
}

impl Channel {
    fn new(config: &ChannelConfig) -> Self {
        let counter = |outcome: &'static str| {
            metrics::counter!(
                "scangate_channel_requests_total", "channel" => config.name.clone(), "outcome" => outcome
            )
        };
        Self {
            quota: Quota::new(config.requests_a_second_max),
            taken: counter("taken"),
            shed: counter("shed"),
        }
    }
}

/// A rate limit by the generic cell rate algorithm. Its one number is the time until which the admitted
/// requests would last at that rate. **Cost**: one compare-and-swap a request, shared by the workers.
struct Quota {
    each_ns: AtomicU64,
    spent_until_ns: AtomicU64,
}

impl Quota {
    fn new(a_second: NonZeroU32) -> Self {
        let quota = Self { each_ns: AtomicU64::new(0), spent_until_ns: AtomicU64::new(0) };
        quota.set(a_second);
        quota
    }

    fn set(&self, a_second: NonZeroU32) {
        self.each_ns.store(BURST_NS / NonZeroU64::from(a_second), Ordering::Relaxed);
    }

    fn take(&self, now_ns: u64) -> bool {
        let each_ns = self.each_ns.load(Ordering::Relaxed);
        let one_more = |spent_until: u64| {
            let then = spent_until.max(now_ns) + each_ns;
            (then - now_ns <= BURST_NS).then_some(then)
        };
        self.spent_until_ns.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(quota: &Quota, tries: usize, now_ns: u64) -> usize {
        (0..tries).filter(|_| quota.take(now_ns)).count()
    }

    #[test]
    fn a_second_has_its_quota_and_what_is_unused_is_not_saved_up() {
        let quota = Quota::new(NonZeroU32::new(100).unwrap());
        assert_eq!(taken(&quota, 1_000, 0), 100);
        assert_eq!(taken(&quota, 1_000, BURST_NS / 10), 10);
        assert_eq!(taken(&quota, 1_000, BURST_NS / 10), 0);
        assert_eq!(taken(&quota, 1_000, 60 * BURST_NS), 100);
        // A worker may have read its clock a little earlier.
        assert_eq!(taken(&quota, 1_000, 59 * BURST_NS), 0);
    }

    #[test]
    fn hb_12_each_channel_has_its_own_quota_and_who_names_no_host_the_rests() {
        let config = |name: &str, hosts: &[&str], a_second: u32| ChannelConfig {
            name: name.into(),
            hosts: hosts.iter().map(|&host| host.to_owned().try_into().unwrap()).collect(),
            requests_a_second_max: a_second.try_into().unwrap(),
        };
        let all = [
            config("app", &["app.example", "www.app.example"], 2),
            config("alipay", &["alipay.example"], 3),
            config("rest", &[], 1),
        ];
        let channels = Channels::new(&all);
        let now = Instant::now();
        let admitted = |host: Option<&str>| {
            let channel = channels.of(host).unwrap();
            (0..10).filter(|_| channels.admit(&channel, now)).count()
        };
        assert_eq!((admitted(Some("app.example")), admitted(Some("www.app.example"))), (2, 0));
        assert_eq!((admitted(Some("alipay.example")), admitted(None), admitted(Some("other"))), (3, 1, 0));
        let open = channels.of(Some("app.example")).unwrap();
        channels.swap(&[config("app", &["new.example"], 5)]);
        let later = now + std::time::Duration::from_secs(2);
        assert_eq!((0..10).filter(|_| channels.admit(&open, later)).count(), 5);
        assert!(channels.of(Some("app.example")).is_none() && channels.of(None).is_none());
        assert!(Arc::ptr_eq(&channels.of(Some("new.example")).unwrap(), &open));
        channels.swap(&[]);
        assert!(channels.is_empty());
        let few = Channels::new(&all[..1]);
        assert!(few.of(None).is_none() && Channels::new(&[]).is_empty() && !few.is_empty());
    }
}
