//! Test sites, all in one group: a city has some hundreds.

mod bookings;

use super::rows::{RegistryTable, Row, RowKey};
use super::{Registry, Result, pack, unpack};
use scangate_core::id::TestSiteId;
use scangate_core::test_site::{Opening, TestSite};
use scangate_core::venue::Doors;

/// A test site without its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTestSite {
    /// Its name.
    pub name: String,
    /// The district it lies in.
    pub district: String,
    /// The site's street address.
    pub address: String,
    /// The opening hours for samples.
    pub opening: Opening,
}

fn key(site: TestSiteId) -> [u8; 8] {
    site.0.to_be_bytes()
}

impl Registry {
    /// Adds test sites. An embedded store adds all or none, with one sync.
    pub fn add_test_sites(&self, sites: Vec<NewTestSite>) -> Result<Vec<TestSite>> {
        let open = |new| {
            let NewTestSite { name, district, address, opening } = new;
            let id = TestSiteId(self.make_id()?);
            Ok(TestSite { id, name, district, address, opening, doors: Doors::Open })
        };
        let added = sites.into_iter().map(open).collect::<Result<Vec<TestSite>>>()?;
        let rows: Vec<Row> =
            added.iter().map(|site| Row::new(RegistryTable::TestSites, key(site.id), pack(site))).collect();
        self.add_made(&rows)?;
        Ok(added)
    }

    /// A test site by id.
    pub fn test_site(&self, id: TestSiteId) -> Result<Option<TestSite>> {
        self.get(RegistryTable::TestSites, &key(id))?
            .map(|value| unpack(RegistryTable::TestSites, &value))
            .transpose()
    }

    /// Every test site, including closed ones, unordered.
    pub fn test_sites(&self) -> Result<Vec<TestSite>> {
        self.group(RegistryTable::TestSites, &RowKey::new())
    }

    /// Closes a test site permanently: it accepts no more bookings. None where the site does not exist.
    pub fn close_test_site(&self, id: TestSiteId) -> Result<Option<TestSite>> {
        let Some(value) = self.get(RegistryTable::TestSites, &key(id))? else { return Ok(None) };
        let closed = TestSite { doors: Doors::Closed, ..unpack(RegistryTable::TestSites, &value)? };
        // A failed swap means that another caller closed it: nothing else changes a site.
        self.rows().swap(RegistryTable::TestSites, &key(id), &value, Some(&pack(&closed)))?;
        Ok(Some(closed))
    }
}
