//! Colleagues: invited, joined, given other roles, removed; and a person's own password and sign-ins.

use crate::on_both_databases;
use crate::support::{Browser, TestApp};
use keyloom::domain::user::Role;
use keyloom::service::{Actor, login, members};
use keyloom::vault::Secret;

const PASSWORD: &str = "correct-horse-9";

async fn owner(app: &TestApp) -> Actor {
    let user = login::create_user(&app.services, "owner@b.co", Secret::new(PASSWORD), Role::Owner).await.unwrap();
    Actor::Admin { id: user.id, email: user.email, role: user.role }
}

async fn invite(app: &TestApp, by: &Actor, email: &str, role: Role) -> String {
    let link = members::invite(&app.services, &by.owner().unwrap(), email, role).await.unwrap();
    link.expose().strip_prefix("http://localhost:3000").unwrap().to_owned()
}

/// Takes up an invitation in a browser of its own.
async fn join(app: &TestApp, path: &str) -> (Browser, u16) {
    let browser = Browser::default();
    let token = path.split_once('=').unwrap().1;
    let fields = [("token", token), ("email", "somebody@else.co"), ("password", PASSWORD), ("password_again", PASSWORD)];
    let status = browser.post(app, "/setup", &fields).await.status.as_u16();
    (browser, status)
}

async fn cookie(app: &TestApp, email: &str) -> String {
    login::sign_in(&app.services, email, Secret::new(PASSWORD), "192.0.2.1").await.unwrap().expose().to_owned()
}

on_both_databases! {
    async fn an_invitation_works_once_for_whom_it_is(app: TestApp) {
        let owner = owner(&app).await;
        let first = invite(&app, &owner, "New@B.co", Role::Viewer).await;
        let second = invite(&app, &owner, "new@b.co", Role::Viewer).await;
        assert_eq!(Browser::default().get(&app, &first).await.status, 401, "the second took its place");
        let page = Browser::default().get(&app, &second).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("Join Keyloom") && page.text.contains("new@b.co"), "{}", page.text);
        let token = second.split_once('=').unwrap().1;
        let short = Browser::default().post(&app, "/setup", &[("token", token), ("password", "short"), ("password_again", "short")]).await;
        assert_eq!(short.status, 422);
        assert!(short.text.contains("at least 10"), "a typing error does not cost the link: {}", short.text);
        let (browser, status) = join(&app, &second).await;
        assert_eq!(status, 303);
        assert_eq!(join(&app, &second).await.1, 401);
        assert_eq!(browser.get(&app, "/connections").await.status, 200);
        let all = members::list(&app.services, &owner).await.unwrap();
        let joined = all.iter().find(|member| member.email == "new@b.co").expect("under the address of the invitation, whatever the form said");
        assert_eq!((joined.role, joined.invited_until, joined.is_me), (Role::Viewer, None, false));
        let known = members::invite(&app.services, &owner.owner().unwrap(), "new@b.co", Role::Admin).await.unwrap_err();
        assert_eq!(known.fields[0].path, "email");
    }

    async fn invitations_end(app: TestApp) {
        let owner = owner(&app).await;
        let late = invite(&app, &owner, "late@b.co", Role::Admin).await;
        let withdrawn = invite(&app, &owner, "not@b.co", Role::Admin).await;
        members::withdraw(&app.services, &owner.owner().unwrap(), "not@b.co").await.unwrap();
        assert_eq!(join(&app, &withdrawn).await.1, 401);
        app.services.clock.advance_seconds(members::INVITATION_LIFE + 1);
        assert_eq!(join(&app, &late).await.1, 401);
        assert_eq!(members::list(&app.services, &owner).await.unwrap().len(), 1);
    }

    async fn only_owners_manage_members_and_one_stays(app: TestApp) {
        let owner = owner(&app).await;
        let right = owner.owner().unwrap();
        let me = owner.person().unwrap().as_str().to_owned();
        assert_eq!(members::set_role(&app.services, &right, &me, Role::Admin).await.unwrap_err().code.as_str(), "FORBIDDEN");
        assert_eq!(members::remove(&app.services, &right, &me).await.unwrap_err().code.as_str(), "FORBIDDEN");
        let other = login::create_user(&app.services, "two@b.co", Secret::new(PASSWORD), Role::Admin).await.unwrap();
        let admin = Actor::Admin { id: other.id.clone(), email: other.email.clone(), role: Role::Admin };
        assert!(admin.owner().is_err());
        // Two owners give it up at the same time: one of them stays.
        members::set_role(&app.services, &right, other.id.as_str(), Role::Owner).await.unwrap();
        let outcomes = futures::join!(
            members::set_role(&app.services, &right, &me, Role::Viewer),
            members::set_role(&app.services, &right, other.id.as_str(), Role::Viewer),
        );
        assert_eq!(u8::from(outcomes.0.is_ok()) + u8::from(outcomes.1.is_ok()), 1, "{outcomes:?}");
    }

    async fn whoever_is_removed_is_signed_out(app: TestApp) {
        let owner = owner(&app).await;
        let (browser, _) = join(&app, &invite(&app, &owner, "gone@b.co", Role::Admin).await).await;
        assert_eq!(browser.get(&app, "/connections").await.status, 200);
        let id = members::list(&app.services, &owner).await.unwrap().into_iter().find(|member| member.email == "gone@b.co").unwrap().id.unwrap();
        members::remove(&app.services, &owner.owner().unwrap(), id.as_str()).await.unwrap();
        assert!(browser.get(&app, "/connections").await.location().starts_with("/login"));
        assert!(login::sign_in(&app.services, "gone@b.co", Secret::new(PASSWORD), "192.0.2.1").await.is_err());
    }

    async fn a_new_password_ends_the_other_sign_ins(app: TestApp) {
        let owner = owner(&app).await;
        let (this, other) = (cookie(&app, "owner@b.co").await, cookie(&app, "owner@b.co").await);
        let found = members::sign_ins(&app.services, &owner, &this).await.unwrap();
        assert_eq!((found.len(), found.iter().filter(|sign_in| sign_in.is_this).count()), (2, 1));
        let change = async |current: &str, new: &str| members::change_password(&app.services, &owner, &this, Secret::new(current), Secret::new(new)).await;
        assert_eq!(change("wrong", "a-new-password").await.unwrap_err().fields[0].path, "current");
        assert_eq!(change(PASSWORD, "short").await.unwrap_err().fields[0].path, "password");
        assert!(login::who(&app.services, &other).await.unwrap().is_some());
        change(PASSWORD, "a-new-password").await.unwrap();
        assert!(login::who(&app.services, &other).await.unwrap().is_none());
        assert!(login::who(&app.services, &this).await.unwrap().is_some());
        // The fifth attempt within a minute: no more are let in.
        assert!(login::sign_in(&app.services, "owner@b.co", Secret::new("a-new-password"), "192.0.2.1").await.is_ok());
        assert_eq!(members::end_other_sign_ins(&app.services, &owner, &this).await.unwrap(), 1);
    }
}
