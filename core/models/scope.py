"""How a kind of record is scoped: which columns lead to its owner, team and partner organisation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from core.actors import Actor, Visibility

NOTHING = Q(pk__in=())


@dataclass(frozen=True, slots=True)
class Scope:
    """ORM paths to the ids that visibility compares. With no paths at all, whoever has the grant sees every record."""

    owner: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    partner: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        return not (self.owner or self.team or self.partner)

    def sees_all(self, actor: Actor, visibilities: frozenset[Visibility]) -> bool:
        """Whether no row at all is hidden from the actor under these visibilities."""
        if self.is_open or actor.is_superuser:
            return bool(visibilities)
        return actor.partner_id is None and Visibility.ALL in visibilities

    def q(self, actor: Actor, visibilities: frozenset[Visibility]) -> Q:
        """The condition under which a record is visible. A partner's people never see beyond their organisation."""
        if actor.is_partners and not self.is_open:
            return self._any(self.partner, actor.partner_id) if visibilities else NOTHING
        if Visibility.ALL in visibilities or (visibilities and self.is_open):
            return Q()
        parts = [self._by(actor, visibility) for visibility in sorted(visibilities)]
        return reduce(or_, parts) if parts else NOTHING

    def _by(self, actor: Actor, visibility: Visibility) -> Q:
        own = self._any(self.owner, actor.user_id)
        if visibility is Visibility.OWN:
            return own
        if visibility is Visibility.TEAM:
            return reduce(or_, (Q(**{f"{path}__in": sorted(actor.team_ids)}) for path in self.team), own)
        return self._any(self.partner, actor.partner_id)

    @staticmethod
    def _any(paths: tuple[str, ...], value: object) -> Q:
        if value is None or not paths:
            return NOTHING
        return reduce(or_, (Q(**{path: value}) for path in paths))


OPEN = Scope()
