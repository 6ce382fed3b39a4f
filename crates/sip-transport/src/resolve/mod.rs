//! Where a request to a URI goes (RFC 3263), and where none may ever go.
//!
//! [`Plan`] and [`order_services`] decide and know no socket; [`Resolver`] asks the domain name system; what comes out
//! has passed the [`DestinationPolicy`].

mod destination_policy;
mod plan;
mod resolver;
mod services;
mod target;

pub use destination_policy::{DestinationPolicy, ForbiddenDestination};
pub use ipnet::IpNet as Network;
pub use plan::{NextHop, Plan, ServiceQuestion, by_rules};
pub use resolver::{ResolveError, Resolver, ResolverConfig};
pub use services::{Rule, Service, order_services};
pub use target::{Security, Target, TargetError};
