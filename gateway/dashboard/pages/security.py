"""The merchant's own account: address, password and sessions."""

from starlette.responses import Response

from gateway.dashboard.pages.account import MAILED, repeats
from gateway.dashboard.problems import Refusals
from gateway.dashboard.routing import area_router
from gateway.dashboard.sessions import ROOT
from gateway.dashboard.visit import Visit, Visitor

router = area_router()
PROFILE, SECURITY = f"{ROOT}/account/profile", f"{ROOT}/account/security"


def proof_errors(visit: Visit, errors: Refusals | None) -> Refusals:
    """Return the errors of a refused form, that of the password at the field that was sent; see ``forms.proof``."""
    asked = visit.form["asked"]
    return errors.renamed({"password": asked}) if errors and asked else errors or Refusals()


async def security_page(
    visit: Visit, errors: Refusals | None = None, *, template: str = "account/security.html"
) -> Response:
    """Show how the merchant logs in, with the errors of a refused form."""
    found = await visit.run("account/security")
    return visit.page(
        template,
        status=422 if errors else 200,
        errors=proof_errors(visit, errors),
        security=found["security"],
        me=found["me"],
        providers=found["signInProviders"],
        passkeys=found["passkeysOffered"],
    )


@router.get("/dashboard/account/profile")
async def profile(visit: Visitor) -> Response:
    """Show name and address, with forms for both."""
    return await security_page(visit, template="account/profile.html")


@router.post("/dashboard/account/profile/confirmation")
async def request_confirmation(visit: Visitor) -> Response:
    """Send another mail that confirms the address."""
    change = await visit.change("account/request_confirmation")
    if change.errors:
        return await security_page(visit, change.errors, template="account/profile.html")
    return visit.redirect(PROFILE, notice=MAILED)


@router.post("/dashboard/account/profile/name")
async def change_name(visit: Visitor) -> Response:
    """Give the account another name."""
    change = await visit.change("account/change_name", {"name": visit.form.text("name")})
    if change.errors:
        return await security_page(visit, change.errors, template="account/profile.html")
    return visit.redirect(PROFILE, notice="Your name is saved.")


@router.post("/dashboard/account/profile/email")
async def change_email(visit: Visitor) -> Response:
    """Send a link to another address."""
    fields = {"email": visit.form["email"], "password": visit.form["password"]}
    change = await visit.change("account/change_email", fields)
    if change.errors:
        return await security_page(visit, change.errors, template="account/profile.html")
    return visit.redirect(PROFILE, notice="A mail is on its way to the new address. It is yours once you use its link.")


@router.get("/dashboard/account/security")
async def security(visit: Visitor) -> Response:
    """Show how the merchant logs in."""
    return await security_page(visit)


@router.post("/dashboard/account/security/password")
async def change_password(visit: Visitor) -> Response:
    """Replace the password."""
    errors = repeats(visit, "newPassword")
    if not errors:
        fields = {name: visit.form[name] for name in ("currentPassword", "newPassword")}
        errors = (await visit.change("account/change_password", fields)).errors
    if errors:
        return await security_page(visit, errors)
    return visit.redirect(SECURITY, notice="Your password is changed. Your other sessions ended.")


@router.post("/dashboard/account/security/end-session")
async def end_session(visit: Visitor) -> Response:
    """End one session."""
    change = await visit.change("account/end_session", {"sessionId": visit.form["session"]})
    if change.errors:
        return await security_page(visit, change.errors)
    return visit.redirect(SECURITY, notice="The session ended.")


@router.post("/dashboard/account/security/log-out-everywhere")
async def log_out_everywhere(visit: Visitor) -> Response:
    """End the other sessions, or this one too."""
    keep = visit.form["keep"] == "this"
    await visit.change("account/log_out_everywhere", {"keepThis": keep})
    if keep:
        return visit.redirect(SECURITY, notice="Your other sessions ended.")
    visit.session.end()
    return visit.redirect(f"{ROOT}/log-in", notice="All your sessions ended.")


@router.post("/dashboard/account/security/totp")
async def begin_totp(visit: Visitor) -> Response:
    """Show the QR code of a new second factor, once."""
    change = await visit.change("account/begin_totp", {"password": visit.form["password"]})
    if change.errors:
        return await security_page(visit, change.errors)
    return visit.page("account/totp.html", made=change.payload)


@router.post("/dashboard/account/security/totp/confirm")
async def confirm_totp(visit: Visitor) -> Response:
    """Turn the second factor on, and show the recovery codes, once."""
    change = await visit.change("account/confirm_totp", {"code": visit.form["code"]})
    if change.errors:
        made = {name: visit.form[name] for name in ("secret", "uri", "qrSvg")}
        return visit.page("account/totp.html", status=422, made=made, errors=change.errors)
    return visit.page("account/recovery_codes.html", codes=change["recoveryCodes"])


@router.post("/dashboard/account/security/totp/remove")
async def disable_totp(visit: Visitor) -> Response:
    """Turn the second factor off."""
    fields = {"password": visit.form["password"], "code": visit.form["code"]}
    change = await visit.change("account/disable_totp", fields)
    if change.errors:
        return await security_page(visit, change.errors)
    return visit.redirect(SECURITY, notice="Log-ins need no second factor any more.")


@router.post("/dashboard/account/security/recovery-codes")
async def recovery_codes(visit: Visitor) -> Response:
    """Show new recovery codes, once."""
    change = await visit.change("account/recovery_codes", {"password": visit.form["password"]})
    if change.errors:
        return await security_page(visit, change.errors)
    return visit.page("account/recovery_codes.html", codes=change["recoveryCodes"])
