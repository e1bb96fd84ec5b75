"""`fanlight access totp`: two-factor codes from an authenticator app."""

import io
import time
from pathlib import Path

import click
import segno

from fanlight.cli.access_change import change_options, note_change, open_to_change
from fanlight.cli.options import say
from fanlight.config import owner_names, write_new_secret
from fanlight.errors import UsageError

_PICTURES = (".png", ".svg", ".pdf")
_YES_NO = click.Choice(["yes", "no"])
_ANSWERS = {"yes": True, "no": False, None: None}


@click.group()
def totp() -> None:
    """Ask for a code from an authenticator app after the password."""


@totp.command()
@click.option(
    "--qr",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Also write the QR code to this new file ({', '.join(_PICTURES)}).",
)
@change_options
def enrol(qr: Path | None, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Show a new secret and its QR code for an app; codes are asked for after `confirm`."""
    if qr is not None and qr.suffix.lower() not in _PICTURES:
        raise UsageError(f"{qr} is no picture fanlight can write: end its name with one of {', '.join(_PICTURES)}")
    rules = open_to_change(home, admin_file)
    enrolment = rules.totp.enrol("@".join(owner_names()))
    picture = segno.make(enrolment.uri, micro=False)
    if qr is not None:
        drawn = io.BytesIO()
        picture.save(drawn, kind=qr.suffix[1:].lower(), scale=6)
        write_new_secret(qr, drawn.getvalue())
    note_change(rules, "two-factor codes", "enrolled")
    lines = (f"secret  {enrolment.secret}", f"uri     {enrolment.uri}", "", _in_text(picture), _NEXT)
    say(as_json, {"secret": enrolment.secret, "uri": enrolment.uri}, "\n".join(lines))


_NEXT = "Add it to an app, then switch codes on with one: `fanlight access totp confirm CODE`"


@totp.command()
@click.argument("code")
@change_options
def confirm(code: str, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Switch codes on by the CODE that the app shows now; print the recovery codes, once."""
    rules = open_to_change(home, admin_file)
    recovery = rules.totp.confirm(code, time.time())
    note_change(rules, "two-factor codes", "on")
    lines = ("two-factor codes are on. Each of these opens once in place of one; they are not shown again:", *recovery)
    say(as_json, {"totp": "on", "recovery_codes": recovery}, "\n".join(lines))


@totp.command()
@change_options
def off(home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Ask for no codes any more, and forget the app's secret and the recovery codes."""
    rules = open_to_change(home, admin_file)
    rules.totp.switch_off()
    note_change(rules, "two-factor codes", "off")
    hint = "; `preset nist` asks for longer passwords now" if rules.passwords.preset == "nist" else ""
    say(as_json, {"totp": "off"}, f"two-factor codes are off{hint}")


@totp.command()
@click.option("--tokens", type=_YES_NO, help="Ask after a saved login.")
@click.option("--resume", type=_YES_NO, help="Ask after a short-term password, by which a cut session goes on.")
@change_options
def ask(tokens: str | None, resume: str | None, home: Path | None, admin_file: Path | None, as_json: bool) -> None:
    """Choose after what else a code is asked for."""
    if tokens is None and resume is None:
        raise UsageError("nothing to change: give --tokens yes|no, --resume yes|no, or both")
    rules = open_to_change(home, admin_file)
    rules.totp.ask(tokens=_ANSWERS[tokens], resume=_ANSWERS[resume])
    facts = {"tokens": rules.totp.asks_tokens, "resume": rules.totp.asks_resume}
    asked = [what for what, on in (("saved logins", facts["tokens"]), ("short-term passwords", facts["resume"])) if on]
    note_change(rules, "two-factor codes asked after", ", ".join(["passwords", *asked]))
    say(as_json, {"ask": facts}, f"codes are asked for after passwords{''.join(f' and {each}' for each in asked)}")


def _in_text(picture: segno.QRCode) -> str:
    drawn = io.StringIO()
    picture.terminal(out=drawn, compact=True)
    return drawn.getvalue()
