"""The admin's looks, and what stands where in its sidebar."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static


def _style(request: HttpRequest) -> str:
    return static("core/admin/admin.css")


def _script(request: HttpRequest) -> str:
    return static("core/admin/admin.js")


def _item(icon: str, title: str = "", entity: str = "") -> tuple[str, str, str]:
    return icon, title, entity


# Models that are not there (yet) are passed over; those that are not named come last, under "More".
ADMIN_NAVIGATION: dict[str, dict[str, tuple[str, str, str]]] = {
    "": {"admin:index": _item("home", "Home")},
    "Customers": {
        "crm.contact": _item("person"),
        "crm.company": _item("apartment"),
        "crm.interaction": _item("forum"),
        "crm.identifier": _item("fingerprint"),
        "crm.duplicatecandidate": _item("content_copy"),
        "crm.duplicatedecision": _item("rule"),
        "crm.merge": _item("merge"),
        "crm.tie": _item("link"),
        "crm.tag": _item("sell"),
    },
    "Sales": {
        "admin:crm_deal_board": _item("view_kanban", "Board", "deal"),
        "crm.deal": _item("handshake"),
        "crm.order": _item("shopping_cart"),
        "crm.pipeline": _item("linear_scale"),
        "crm.stage": _item("stairs"),
    },
    "Service": {
        "admin:crm_case_board": _item("view_column", "Case board", "case"),
        "crm.case": _item("support"),
        "crm.task": _item("task_alt"),
        "crm.note": _item("sticky_note_2"),
        "crm.queue": _item("inbox"),
        "crm.servicelevel": _item("timer"),
        "crm.escalationstep": _item("trending_up"),
        "crm.businesscalendar": _item("schedule"),
        "crm.notification": _item("notifications"),
    },
    "Catalogue": {
        "crm.product": _item("inventory_2"),
        "crm.productline": _item("category"),
        "crm.pricetier": _item("workspace_premium"),
        "crm.pricetierprice": _item("price_change", "Prices in tiers"),
    },
    "Marketing data": {
        "crm.event": _item("ads_click"),
        "crm.touch": _item("touch_app", "Touches"),
        "crm.referral": _item("group_add"),
        "crm.lifeevent": _item("celebration"),
        "crm.lifeeventkind": _item("cake"),
        "crm.lifecyclerule": _item("rule"),
        "analytics.contactmetrics": _item("monitoring"),
        "admin:analytics_dashboard": _item("insights", "Dashboard", "analytics"),
        "analytics.metricrun": _item("query_stats", "Analytics"),
        "analytics.fittedmodel": _item("model_training", "Models"),
        "analytics.segment": _item("groups", "Segments"),
        "analytics.segmentmembership": _item("group", "Members of segments"),
        "analytics.tierrule": _item("military_tech", "Tiers"),
        "analytics.tierchange": _item("trending_up", "Changes of tiers"),
        "analytics.costactivity": _item("checklist", "Cost activities"),
        "analytics.costrate": _item("request_quote", "Cost rates"),
    },
    "Data": {
        "core.import": _item("upload_file", "Imports"),
        "core.importmapping": _item("conversion_path", "Mappings of imports"),
        "core.export": _item("download", "Exports"),
        "crm.file": _item("attach_file"),
        "crm.customfield": _item("tune"),
        "core.job": _item("progress_activity"),
    },
    "Privacy": {
        "crm.consent": _item("verified_user"),
        "crm.consentpurpose": _item("contract"),
        "crm.suppression": _item("block"),
        "crm.dataexport": _item("folder_shared"),
        "crm.erasure": _item("ink_eraser"),
        "crm.retentionrule": _item("auto_delete"),
    },
    "Access": {
        "accounts.user": _item("account_circle"),
        "accounts.team": _item("groups"),
        "accounts.role": _item("shield_person"),
        "accounts.apikey": _item("key"),
        "accounts.partnerorganisation": _item("storefront"),
        "accounts.partnerperson": _item("badge"),
    },
    "System": {
        "accounts.signinevent": _item("login"),
        "allauth_idp_oidc.client": _item("apps", "OAuth applications"),
        "mfa.authenticator": _item("password", "Second factors"),
    },
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Bifocal",
    "SITE_HEADER": "Bifocal",
    "SITE_SYMBOL": "eyeglasses",
    "SITE_URL": None,
    # None, said so that browsers do not ask for one.
    "SITE_FAVICONS": [{"rel": "icon", "href": "data:,"}],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "STYLES": [_style],
    "SCRIPTS": [_script],
    "DASHBOARD_CALLBACK": "core.admin.home.context",
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": "core.admin.navigation.sidebar",
    },
    # A blue that keeps its contrast in both modes.
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.6)",
            "100": "oklch(93.2% .032 255.6)",
            "200": "oklch(88.2% .059 254.1)",
            "300": "oklch(80.9% .105 251.8)",
            "400": "oklch(70.7% .165 254.6)",
            "500": "oklch(62.3% .214 259.8)",
            "600": "oklch(54.6% .245 262.9)",
            "700": "oklch(48.8% .243 264.4)",
            "800": "oklch(42.4% .199 265.6)",
            "900": "oklch(37.9% .146 265.5)",
            "950": "oklch(28.2% .091 267.9)",
        },
    },
}
