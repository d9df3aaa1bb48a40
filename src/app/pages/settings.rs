//! `/settings`: who may sign in, one's own password and sign-ins, and how the installation is.

use super::settings_checks::Checks;
use crate::app::components::{
    ActionButton, Confirm, Copyable, Field, FormProblem, LoadError, Loading, Moment, Notice, Outcome, OwnersOnly, PageHead, PasswordField, Session,
    SubmitButton, TextField, Tone, WritersOnly, empty_after, failure, successes,
};
use crate::app::rpc::members::{ChangePassword, EndOtherSignIns, InviteMember, RemoveMember, SetMemberRole, WithdrawInvitation, list_members, list_sign_ins};
use crate::app::rpc::{ReleaseHold, load};
use crate::domain::user::{Member, Role, SignIn};
use leptos::form::ActionForm;
use leptos::prelude::*;

page! {
    /// `/settings`
    Settings => SettingsPage
}

const SECTION: &str = "rounded-box border border-base-300 bg-base-100 p-5";

#[component]
fn SettingsPage() -> impl IntoView {
    view! {
        <PageHead title="Settings"/>
        <div class="grid grid-cols-[minmax(0,1fr)] gap-6">
            <Renewing/>
            <Members/>
            <Password/>
            <SignIns/>
            <Checks/>
        </div>
    }
}

/// Only while a restored database waits for a word.
#[component]
fn Renewing() -> impl IntoView {
    let release = ServerAction::<ReleaseHold>::new();
    let done = successes(release);
    let Session(me) = expect_context();
    Effect::new(move |_| {
        if done.get() > 0 {
            me.refetch();
        }
    });
    let section = move || {
        Suspend::new(async move {
            let waits = me.await.ok().and_then(|me| me.held).filter(|held| held.by_restore)?;
            Some(view! {
                <section class=SECTION aria-labelledby="renewing">
                    <h2 id="renewing" class="mb-3 text-lg font-semibold">"Renewing tokens"</h2>
                    <p class="mb-2">{waits.reason}"."</p>
                    <p class="mb-4 text-base-content/75">
                        "Refresh tokens in a backup may have been replaced since. A service that sees an old one again may end the whole access, also of a
                        server that still runs on the database from before. Make sure that none does. Connections whose tokens were replaced after the
                        backup will have to be connected again."
                    </p>
                    <WritersOnly>
                        <Confirm id="release-hold".to_owned() button="Renew tokens again…" class="" subject="" title="Renew tokens again?">
                            <p>"From now on this database's refresh tokens are used. There is no way back."</p>
                            <ActionForm action=release attr:class="grid gap-3"><SubmitButton label="Renew tokens" pending=release.pending()/></ActionForm>
                        </Confirm>
                    </WritersOnly>
                </section>
            })
        })
    };
    view! {
        <Outcome id="release-problem" error=failure(release) done text="Tokens are renewed again."/>
        <Transition>{section}</Transition>
    }
}

fn role_options(chosen: Role) -> Vec<impl IntoView> {
    let words = |role| match role {
        Role::Owner => "Owner: everything",
        Role::Admin => "Admin: everything but members",
        Role::Viewer => "Viewer: looks only",
    };
    Role::ALL.iter().map(|role| view! { <option value=role.as_str() selected=*role == chosen>{words(*role)}</option> }).collect()
}

#[component]
fn Members() -> impl IntoView {
    let invite = ServerAction::<InviteMember>::new();
    let withdraw = ServerAction::<WithdrawInvitation>::new();
    let set_role = ServerAction::<SetMemberRole>::new();
    let remove = ServerAction::<RemoveMember>::new();
    let (invited, withdrawn, changed, removed) = (successes(invite), successes(withdraw), successes(set_role), successes(remove));
    empty_after(invited, "invite-email");
    let members = load(move || (invited.get(), withdrawn.get(), changed.get(), removed.get()), |_| list_members());
    let list = move || {
        Suspend::new(async move {
            match members.await {
                Ok(members) => {
                    let rows: Vec<_> = members.into_iter().map(|member| view! { <Row member set_role remove withdraw/> }).collect();
                    view! { <ul class="divide-y divide-base-300">{rows}</ul> }.into_any()
                }
                Err(error) => view! { <LoadError error retry=move |()| members.refetch()/> }.into_any(),
            }
        })
    };
    view! {
        <section class=SECTION aria-labelledby="members">
            <h2 id="members" class="mb-3 text-lg font-semibold">"Members"</h2>
            <Outcome id="role-problem" error=failure(set_role) done=changed text="Role changed."/>
            <Outcome id="remove-problem" error=failure(remove) done=removed text="Removed, and signed out everywhere."/>
            <Outcome id="withdraw-problem" error=failure(withdraw) done=withdrawn text="Invitation withdrawn."/>
            <Transition fallback=Loading>{list}</Transition>
            <OwnersOnly><Invite invite/></OwnersOnly>
        </section>
    }
}

#[component]
fn Row(member: Member, set_role: ServerAction<SetMemberRole>, remove: ServerAction<RemoveMember>, withdraw: ServerAction<WithdrawInvitation>) -> impl IntoView {
    let Member { id, email, role, invited_until, is_me } = member;
    let note = match invited_until {
        Some(until) => view! { <p class="text-sm text-base-content/75">"Invited as "{role.as_str()}", until "<Moment at=Some(until)/>" UTC"</p> }.into_any(),
        None => view! { <p class="text-sm text-base-content/75 first-letter:uppercase">{role.as_str()}{is_me.then_some(" · you")}</p> }.into_any(),
    };
    let (email, id) = (StoredValue::new(email), StoredValue::new(id.map(String::from)));
    let actions = move || {
        match id.get_value() {
        Some(id) => {
            let field = format!("role-{id}");
            let dialog = format!("remove-{id}");
            let for_removal = id.clone();
            view! {
                <ActionForm action=set_role attr:class="flex items-center gap-2">
                    <input type="hidden" name="id" value=id/>
                    <label class="sr-only" for=field.clone()>"Role of "{email.get_value()}</label>
                    <select class="select select-sm w-auto" id=field name="role">{role_options(role)}</select>
                    <ActionButton class="btn btn-sm" pending=set_role.pending()>"Change"<span class="sr-only">" the role of "{email.get_value()}</span></ActionButton>
                </ActionForm>
                <Confirm id=dialog button="Remove…" subject=email.get_value() title=format!("Remove {}?", email.get_value())>
                    <p>"They are signed out everywhere at once. Connections and API keys that they made stay."</p>
                    <ActionForm action=remove attr:class="grid gap-3">
                        <input type="hidden" name="id" value=for_removal/>
                        <SubmitButton label="Remove member" pending=remove.pending() destructive=true/>
                    </ActionForm>
                </Confirm>
            }
            .into_any()
        }
        None => view! {
            <ActionForm action=withdraw>
                <input type="hidden" name="email" value=email.get_value()/>
                <ActionButton class="btn btn-sm" pending=withdraw.pending()>"Withdraw"<span class="sr-only">" the invitation of "{email.get_value()}</span></ActionButton>
            </ActionForm>
        }
        .into_any(),
    }
    };
    view! {
        <li class="flex items-center justify-between gap-3 py-3 max-md:flex-wrap">
            <div class="min-w-0"><p class="font-semibold wrap-anywhere">{email.get_value()}</p>{note}</div>
            <OwnersOnly><div class="flex items-center gap-2 max-md:flex-wrap md:shrink-0">{actions()}</div></OwnersOnly>
        </li>
    }
}

#[component]
fn Invite(invite: ServerAction<InviteMember>) -> impl IntoView {
    let failure = failure(invite);
    let email_error = Signal::derive(move || failure.get().and_then(|error| error.field("email")));
    let link = move || {
        let link = invite.value().get()?.ok()?;
        Some(view! {
            <Notice tone=Tone::Good>
                <p class="font-semibold">"Send this link to your colleague. It works once, for seven days, and is not shown again."</p>
                <p class="text-base-content"><Copyable text=link what="invitation link"/></p>
            </Notice>
        })
    };
    view! {
        <div class="mt-3 border-t border-base-300 pt-4">
            <h3 id="invite" class="mb-3 font-semibold">"Invite a colleague"</h3>
            <div role="status" class="mb-4 empty:hidden">{link}</div>
            <noscript><p class="mb-3 font-medium">"This form needs JavaScript: the link is shown once, and never written into a page."</p></noscript>
            <ActionForm action=invite attr:class="grid max-w-md gap-4">
                <FormProblem id="invite-problem" error=failure/>
                <TextField id="invite-email" name="email" label="E-mail" required=true maxlength=320 help="They sign in with it, and choose their own password." error=email_error/>
                <Field id="invite-role".to_owned() label="Role".to_owned() error=Signal::derive(|| None::<String>)>
                    <select class="select w-full" id="invite-role" name="role">{role_options(Role::Admin)}</select>
                </Field>
                <div><SubmitButton label="Make invitation link" pending=invite.pending() shown_once=true/></div>
            </ActionForm>
        </div>
    }
}

#[component]
fn Password() -> impl IntoView {
    let change = ServerAction::<ChangePassword>::new();
    let failure = failure(change);
    let done = successes(change);
    let error_at = move |path: &'static str| Signal::derive(move || failure.get().and_then(|error| error.field(path)));
    let said = move || {
        (done.get() > 0 && failure.read().is_none())
            .then(|| view! { <Notice tone=Tone::Good><p>"Password changed. Your other sign-ins have ended."</p></Notice> })
    };
    // A form that worked is empty again.
    let form = move || {
        done.track();
        view! {
            <ActionForm action=change attr:class="grid max-w-md gap-4">
                <FormProblem id="password-problem" error=failure/>
                <PasswordField id="current" name="current" label="Current password" autocomplete="current-password" error=error_at("current")/>
                <PasswordField id="password" name="password" label="New password" autocomplete="new-password" help="At least 10 characters." error=error_at("password")/>
                <div><SubmitButton label="Change password" pending=change.pending()/></div>
            </ActionForm>
        }
    };
    view! {
        <section class=SECTION aria-labelledby="your-password">
            <h2 id="your-password" class="mb-3 text-lg font-semibold">"Your password"</h2>
            <div role="status" class="mb-4 empty:hidden">{said}</div>
            {form}
        </section>
    }
}

#[component]
fn SignIns() -> impl IntoView {
    let end = ServerAction::<EndOtherSignIns>::new();
    let ended = successes(end);
    let sign_ins = load(move || ended.get(), |_| list_sign_ins());
    let row = |sign_in: SignIn| {
        view! {
            <li class="flex flex-wrap gap-x-6 gap-y-1 py-2">
                <span>"Began "<Moment at=Some(sign_in.started_at)/>" UTC"</span>
                <span class="text-base-content/75">"last used "<Moment at=Some(sign_in.last_seen_at)/></span>
                {sign_in.is_this.then(|| view! { <span class="badge badge-soft">"this one"</span> })}
            </li>
        }
    };
    let list = move || {
        Suspend::new(async move {
            match sign_ins.await {
                Ok(found) => {
                    let several = found.len() > 1;
                    let rows: Vec<_> = found.into_iter().map(row).collect();
                    let button = several.then(|| {
                        view! {
                            <ActionForm action=end attr:class="mt-3"><ActionButton pending=end.pending()>"End the others"</ActionButton></ActionForm>
                        }
                    });
                    view! { <ul class="divide-y divide-base-300">{rows}</ul> {button} }.into_any()
                }
                Err(error) => view! { <LoadError error retry=move |()| sign_ins.refetch()/> }.into_any(),
            }
        })
    };
    view! {
        <section class=SECTION aria-labelledby="sign-ins">
            <h2 id="sign-ins" class="mb-3 text-lg font-semibold">"Where you are signed in"</h2>
            <Outcome id="sign-ins-problem" error=failure(end) done=ended text="Your other sign-ins have ended."/>
            <Transition fallback=Loading>{list}</Transition>
        </section>
    }
}
