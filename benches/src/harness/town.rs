//! A registered city and the check-in requests of its residents. Requests cover every pair of person and
//! venue before any pair repeats, so each request becomes a new check-in.

use crate::harness::server::Server;
use crate::harness::wire;
use bytes::Bytes;
use scangate_core::time::Step;
use scangate_loadgen::city::{self, LoadCity};
use scangate_loadgen::client::{LoadTarget, Version};
use scangate_loadgen::drive;
use std::cell::{Cell, RefCell};

/// The number of venues of the city.
const VENUES: usize = 200;

/// The city, the current codes of its residents, and the number of the next request.
pub(crate) struct BenchTown {
    city: LoadCity,
    codes: RefCell<Vec<Option<(Step, String)>>>,
    turn: Cell<usize>,
}

impl BenchTown {
    /// Registers a city with so many residents at a gateway.
    pub(crate) async fn found(gateway: &Server, residents: usize) -> anyhow::Result<Self> {
        let target = LoadTarget::new(gateway.address, &gateway.certificate())?;
        let authority = city::authorization(gateway.data(), "authority")?;
        let mut connection = target.connect(Version::Http1).await?;
        let venues = city::venues(&mut connection, &authority, VENUES).await?;
        let residents = city::residents(&mut connection, &authority, 1, residents).await?;
        let codes = RefCell::new(vec![None; residents.len()]);
        Ok(Self { city: LoadCity { venues, residents }, codes, turn: Cell::new(0) })
    }

    /// Returns the next check-in request.
    pub(crate) fn request(&self) -> Bytes {
        let turn = self.turn.replace(self.turn.get() + 1);
        let person = turn % self.city.residents.len();
        let venue = turn / self.city.residents.len() % VENUES;
        let step = Step::of(drive::now());
        let mut codes = self.codes.borrow_mut();
        let code = match &codes[person] {
            Some((at, code)) if *at == step => code,
            _ => &codes[person].insert((step, self.city.residents[person].code(step))).1,
        };
        wire::check_in(&self.city.venues[venue].poster, code)
    }
}
