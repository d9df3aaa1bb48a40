//! `keyloom doctor`: what is wrong, and what to do about it. What is looked at: `service/doctor.rs`.

use crate::config::Config;
use crate::domain::finding::{Finding, Verdict};
use crate::server::serve;
use crate::service::{Actor, doctor};
use anyhow::bail;

/// Looks at everything; fails when something is wrong.
pub async fn run(config: &Config) -> anyhow::Result<()> {
    let services = serve::open(config).await?;
    let message = |error: crate::domain::Error| anyhow::anyhow!(error.message);
    let writer = Actor::System.writer().map_err(message)?;
    let findings = doctor::look(&services, &writer, config).await.map_err(message)?;
    for Finding { what, verdict, text } in &findings {
        let mark = match verdict {
            Verdict::Fine => "ok   ",
            Verdict::Note => "note ",
            Verdict::Wrong => "WRONG",
        };
        println!("{mark} {what}: {text}");
    }
    services.store.close().await;
    let wrong = findings.iter().filter(|finding| finding.verdict == Verdict::Wrong).count();
    if wrong > 0 {
        bail!("{wrong} thing(s) to mend");
    }
    Ok(())
}
