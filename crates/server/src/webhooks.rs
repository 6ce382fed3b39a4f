//! Webhooks between the parts: who wants to be told what and where, what calls tell, and what the API is told of it.

mod refusals;
mod subscriptions;

pub(crate) use refusals::RefusalTeller;

use crate::configuration::parse;
use crate::failure::Failure;
use domain::{AccountId, CallEvent, Clock, Network, RandomSource, Timestamp, WebhookMethod, WebhookUrl};
use keyring::Keyring;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use storage::{CallEventSink, Pending, WebhookDeliveries, WebhookDelivery, WebhookReport, WebhookTest};
use subscriptions::Subscriptions;
use tls_identity::{Connector, PeerName, ServerAuthorities, ServerRefusal};
use tokio::net::TcpStream;
use webhooks::{Allowed, Config, Deliverer, DelivererTask, Parts, Secure, Stream};

/// What was settled about webhooks.
#[derive(Debug, Clone)]
pub(crate) struct WebhookSettings {
    /// Trusted besides those of the system.
    pub(crate) authority: Option<PathBuf>,
    /// Networks that messages may go to although they are not public.
    pub(crate) allowed: Vec<Network>,
}

impl WebhookSettings {
    pub(crate) fn settle(authority: Option<PathBuf>, allowed: &[String]) -> Result<Self, Failure> {
        let read = |text: &String| parse("--webhook-allow-network", text, |text| text.parse::<Network>());
        Ok(Self { authority, allowed: allowed.iter().map(read).collect::<Result<_, _>>()? })
    }
}

/// What deliveries need of the rest of the server.
pub(crate) struct Surroundings {
    pub(crate) storage: Arc<dyn storage::Storage>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn RandomSource>,
}

/// Takes what calls tell and sees to its delivery.
pub(crate) struct Webhooks {
    subscriptions: Arc<Subscriptions>,
    deliverer: Arc<Deliverer>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn RandomSource>,
}

impl Webhooks {
    /// Learns who wants to be told, and begins with what an earlier process has left.
    pub(crate) async fn start(
        settings: &WebhookSettings,
        surroundings: Surroundings,
    ) -> Result<(Arc<Self>, DelivererTask), Failure> {
        let Surroundings { storage, keyring, clock, random } = surroundings;
        let authorities = ServerAuthorities::load(settings.authority.as_deref()).map_err(Failure::WebhookAuthority)?;
        let connector = Connector::for_web(&authorities)?;
        let subscriptions = Arc::new(Subscriptions::new(keyring));
        storage.follow(Arc::clone(&subscriptions) as _).await?;
        let (deliverer, task) = Deliverer::start(Parts {
            storage: storage as _,
            subscribers: Arc::clone(&subscriptions) as _,
            secure: Arc::new(WebTls(connector)),
            clock: Arc::clone(&clock),
            allowed: Allowed { networks: settings.allowed.clone() },
            config: Config::default(),
        });
        Ok((Arc::new(Self { subscriptions, deliverer, clock, random }), task))
    }

    /// How telling goes in all.
    pub(crate) fn statistics(&self) -> &Arc<webhooks::WebhookStatistics> {
        self.deliverer.statistics()
    }

    fn draw_id(&self, at: Timestamp) -> [u8; 16] {
        let mut random = [0; 10];
        self.random.fill(&mut random);
        webhooks::message_id(at, random)
    }
}

impl CallEventSink for Webhooks {
    fn happened(&self, event: CallEvent) {
        let Some((auth_id, places)) = self.subscriptions.places(&event) else { return };
        for (url, method) in places {
            let id = self.draw_id(event.at);
            self.deliverer.tell(WebhookDelivery {
                id,
                account: event.call.account,
                url: url.as_str().into(),
                method,
                event: event.kind.as_str().into(),
                body: webhooks::call_message(id, &auth_id, &event),
                at: event.at,
            });
        }
    }

    fn wants(&self, account: AccountId) -> bool {
        self.subscriptions.wants(account)
    }
}

impl WebhookDeliveries for Webhooks {
    fn report(&self, account: AccountId) -> WebhookReport {
        self.statistics().report(account)
    }

    fn test(&self, account: AccountId, url: WebhookUrl) -> Pending<'_, WebhookTest> {
        Box::pin(async move {
            let at = self.clock.now();
            let Some((auth_id, secrets)) = self.subscriptions.signer(account, at) else {
                let problem = "the webhook's secret does not open; POST …/rotate-secret makes a new one".into();
                return WebhookTest { status: None, problem: Some(problem), took_ms: 0 };
            };
            let id = self.draw_id(at);
            let delivery = WebhookDelivery {
                id,
                account,
                url: url.as_str().into(),
                method: WebhookMethod::Post,
                event: webhooks::TEST_EVENT.into(),
                body: webhooks::test_message(id, &auth_id, at),
                at,
            };
            self.deliverer.send_once(delivery, &secrets).await
        })
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks").field("accounts", &self.subscriptions.count()).finish_non_exhaustive()
    }
}

/// TLS as browsers speak it: the certificate is for the URL's host.
struct WebTls(Connector);

impl fmt::Debug for WebTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebTls")
    }
}

impl Secure for WebTls {
    fn secure(&self, host: String, stream: TcpStream) -> Pending<'static, io::Result<Box<dyn Stream>>> {
        let connector = self.0.clone();
        Box::pin(async move {
            let name = PeerName::of_host(&host).ok_or_else(|| io::Error::other("no certificate is for such a host"))?;
            let secured = connector.connect(&name, stream).await;
            let stream = secured.map_err(|error| ServerRefusal::of(&error).map_or(error, io::Error::other))?;
            Ok(Box::new(stream) as Box<dyn Stream>)
        })
    }
}
