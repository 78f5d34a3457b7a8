"""The form of a new account: nobody's name may be mistaken for another's."""

import re

from confusable_homoglyphs.confusables import is_confusable
from django.contrib.auth.forms import UserCreationForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from chat.protocol import is_visible

RESERVED = ["visitante", "admin", "administrador", "moderador", "root", "sistema", "suporte"]
RESERVED += ["guest", "administrator", "moderator", "system", "support"]
"""Names that would speak for the site, in its languages; "guest" is what it calls its guests."""


class SignUpForm(UserCreationForm):
    """A new account, under a name that can be told from every other."""

    def clean_username(self):
        name = super().clean_username()  # None if it is taken, in whatever case
        if name is None:
            return None
        if not all(map(is_visible, name)):
            raise ValidationError(_("This name has a letter that can't be seen."))
        alike = "".join(f"[{re.escape(''.join(look_alikes(letter)))}]" for letter in name)
        is_reserved = any(re.fullmatch(alike, other, re.IGNORECASE) for other in RESERVED)
        if is_reserved or self._meta.model.objects.filter(username__regex=f"^{alike}$").exists():
            raise ValidationError(_("This name looks too much like another. Choose another."))
        return name


def look_alikes(letter):
    """What looks like this letter in a name, itself in both cases included."""
    near = confusables(letter)
    # In two steps: the standard has one of those that look alike stand for all of them.
    alike = near.union({letter, letter.lower(), letter.upper()}, *map(confusables, near))
    return sorted(each for each in alike if re.fullmatch(r"[\w.@+-]", each))


def confusables(letter):
    """The letters that Unicode Technical Standard 39 takes for the same at a glance."""
    glyphs = {glyph["c"] for found in is_confusable(letter) or [] for glyph in found["homoglyphs"]}
    return {glyph for glyph in glyphs if len(glyph) == 1}  # m looks like rn, but not like r
