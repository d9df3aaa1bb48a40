//! A small real mail server: it speaks SMTP (RFC 5321) and keeps what it is sent, or refuses everybody.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A message as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    /// The envelope's sender.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Header and body, lines ended by `\n`.
    pub text: String,
}

impl Mail {
    /// The values of the header fields with this name, unfolded.
    pub fn header(&self, name: &str) -> Vec<String> {
        let header = self.text.split("\n\n").next().unwrap().replace("\n ", " ");
        let fields = header.lines().filter_map(|line| line.split_once(": "));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).collect()
    }

    /// The body, its quoted-printable encoding (RFC 2045 §6.7) undone.
    pub fn body(&self) -> String {
        let encoded = self.text.split_once("\n\n").unwrap().1.replace("=\n", "");
        let mut parts = encoded.split('=');
        let mut bytes = parts.next().unwrap().as_bytes().to_vec();
        for part in parts {
            bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
            bytes.extend_from_slice(&part.as_bytes()[2..]);
        }
        String::from_utf8(bytes).unwrap()
    }

    /// Names of all header fields, in order.
    pub fn fields(&self) -> Vec<String> {
        let header = self.text.split("\n\n").next().unwrap();
        header.lines().filter(|line| !line.starts_with(' ')).map(|line| line.split(':').next().unwrap().to_owned()).collect()
    }
}

/// The server.
pub struct MailServer {
    /// For `KEYLOOM_SMTP_URL`.
    pub url: String,
    received: Arc<Mutex<Vec<Mail>>>,
}

impl MailServer {
    /// Starts one; `refuses` answers every recipient with 550.
    pub async fn start(refuses: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let received = Arc::<Mutex<Vec<Mail>>>::default();
        let kept = Arc::clone(&received);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, refuses, Arc::clone(&kept)));
            }
        });
        Self { url, received }
    }

    /// What it was sent so far.
    pub fn received(&self) -> Vec<Mail> {
        self.received.lock().unwrap().clone()
    }
}

async fn talk(mut stream: TcpStream, refuses: bool, kept: Arc<Mutex<Vec<Mail>>>) -> std::io::Result<()> {
    let (reading, mut writing) = stream.split();
    let mut lines = BufReader::new(reading).lines();
    writing.write_all(b"220 sink.example ESMTP\r\n").await?;
    let mut mail = Mail::default();
    while let Some(line) = lines.next_line().await? {
        let address = || line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
        let answer = match line.split([' ', ':']).next().unwrap().to_ascii_uppercase().as_str() {
            "EHLO" => "250-sink.example\r\n250 8BITMIME",
            "MAIL" => {
                mail = Mail { from: address(), ..Mail::default() };
                "250 OK"
            }
            "RCPT" if refuses => "550 no such user",
            "RCPT" => {
                mail.to.push(address());
                "250 OK"
            }
            "DATA" => {
                writing.write_all(b"354 go on\r\n").await?;
                while let Some(line) = lines.next_line().await?.filter(|line| line != ".") {
                    // A line that starts with a dot comes with one more.
                    mail.text.push_str(line.strip_prefix('.').unwrap_or(&line));
                    mail.text.push('\n');
                }
                kept.lock().unwrap().push(mail.clone());
                "250 taken"
            }
            "QUIT" => {
                writing.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            "RSET" | "NOOP" => "250 OK",
            _ => "500 what?",
        };
        writing.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}
