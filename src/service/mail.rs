//! Sending mail, where the operator has set it up. `lettre` does it.

use lettre::message::{Mailbox, SinglePart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{AsyncTransport as _, Message, Tokio1Executor};
use std::time::Duration;

/// Whoever invites waits for the mail server.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The way out for mail. Cheap to clone.
#[derive(Clone)]
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mail {
    /// From a URL: `smtps://user:password@mail.example.com`, `smtp://localhost:25?from=keyloom@example.com`. The sender is the `from`
    /// parameter, else `keyloom@` the public host.
    pub fn from_url(text: &str, public_host: &str) -> anyhow::Result<Self> {
        let mut url = url::Url::parse(text).map_err(|_| anyhow::anyhow!("KEYLOOM_SMTP_URL is not a URL"))?;
        let given = url.query_pairs().find(|(name, _)| name == "from").map(|(_, value)| value.into_owned());
        let rest: Vec<(String, String)> =
            url.query_pairs().filter(|(name, _)| name != "from").map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(rest);
        }
        let host = public_host.split(':').next().unwrap_or("localhost");
        let from = given.unwrap_or_else(|| format!("keyloom@{host}"));
        Ok(Self {
            // The error may quote the URL, which holds a password.
            transport: AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
                .map_err(|_| anyhow::anyhow!("KEYLOOM_SMTP_URL must be smtp://… or smtps://…"))?
                .timeout(Some(TIMEOUT))
                .build(),
            from: from.parse().map_err(|_| anyhow::anyhow!("KEYLOOM_SMTP_URL: {from:?} is not a sender address"))?,
        })
    }

    /// Sends plain text. The address is one address, whatever it and the name are made of: they are not put together as text.
    pub async fn send(&self, name: Option<&str>, address: &str, subject: &str, text: String) -> anyhow::Result<()> {
        let to = Mailbox::new(name.map(str::to_owned), address.parse()?);
        let message = Message::builder().from(self.from.clone()).to(to).subject(subject).singlepart(SinglePart::plain(text))?;
        self.transport.send(message).await?;
        Ok(())
    }
}
