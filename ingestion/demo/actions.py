"""What is done on each kind of page: an action returns the kind of page that it leads to, or "" if to none."""

from ingestion.demo.catalog import money
from ingestion.demo.chance import Pick, weights
from ingestion.demo.journeys import Action, Journey

CURRENCY = "EUR"
NEW_ERROR_AT = 0.72  # a release that breaks vouchers for some, as a share of the range
SIGN_UP = {"control": 0.24, "annual_first": 0.33}  # share of those who see the pricing page
NEW_ERROR = {
    "error_type": "TypeError",
    "error_message": "Cannot read properties of undefined (reading 'discount')",
    "error_stack": "at applyVoucher (/assets/checkout.js:88:31)\nat onSubmit (/assets/checkout.js:140:9)",
}
FEATURES = Pick(weights("brew_logged 46, recipe_saved 22, timer_started 20, bean_added 8, brew_shared 4"))
QUERIES = tuple((f"{index * 2654435761 % 2**32:08x}", index * 7 % 23) for index in range(40))
ENDPOINTS = ("/api/brews", "/api/recipes", "/api/beans", "/api/sync")


def home(visit: Journey) -> str:
    if visit.chance(0.03):
        newsletter(visit)
    return ""


def newsletter(visit: Journey) -> None:
    visit.wait(3, 15)
    visit.act(
        "form_submit",
        {
            "form_id": "newsletter",
            "form_name": "Newsletter",
            "submission_time": 2000 + int(9000 * visit.rng.random()),
        },
    )


def article(visit: Journey) -> str:
    if visit.chance(0.06):
        video(visit, "pour-over-basics", 184)
    if visit.chance(0.04):
        newsletter(visit)
    if visit.chance(0.035):
        visit.wait(5, 30)
        host = ("sca.coffee", "en.wikipedia.org", "www.instagram.com")[int(visit.rng.random() * 3)]
        visit.act("outbound_click", {"url": f"https://{host}/", "text": "Source"})
    if visit.chance(0.012):
        visit.act("share", {"share_platform": "whatsapp", "content_type": "article", "content_id": visit.page.path})
    return ""


def video(visit: Journey, video_id: str, seconds: int) -> None:
    visit.wait(2, 8)
    visit.act("video_play", {"video_id": video_id, "duration_watched": 0, "completion_percentage": 0})
    watched = visit.rng.random()
    visit.now += int(seconds * watched * 1000)
    done = watched > 0.82
    visit.act(
        "video_complete" if done else "video_pause",
        {
            "video_id": video_id,
            "duration_watched": int(seconds * watched),
            "completion_percentage": 100 if done else int(watched * 100),
        },
    )


def product(visit: Journey) -> str:
    product = visit.page.product
    assert product is not None
    item = {"product_id": product.slug, "product_category": product.category, "price": money(product.cents)}
    visit.emit("product_view", item)
    if visit.share >= NEW_ERROR_AT and visit.chance(0.04):
        visit.emit("error", NEW_ERROR)
    if product.category == "machines" and visit.chance(0.12):
        video(visit, f"{product.slug}-tour", 95)
    if not visit.chance(0.24 if visit.person.user else 0.15):
        return ""
    visit.wait(4, 40)
    quantity = 1 + (visit.rng.random() < 0.22)
    visit.cart.append((product, quantity))
    visit.act("add_to_cart", {**item, "quantity": quantity, "cart_value": money(cart_cents(visit))})
    return "cart" if visit.chance(0.68) else "product"


def cart_cents(visit: Journey) -> int:
    return sum(product.cents * quantity for product, quantity in visit.cart)


def cart(visit: Journey) -> str:
    if not visit.cart or not visit.chance(0.62):
        return ""
    visit.wait(3, 20)
    total = money(cart_cents(visit))
    visit.act("checkout_start", {"cart_items": len(visit.cart), "total_value": total, "currency": CURRENCY})
    return "checkout"


def checkout(visit: Journey) -> str:
    if not visit.cart:
        return ""
    visit.wait(15, 90)
    if visit.share >= NEW_ERROR_AT and visit.chance(0.2):
        visit.emit("error", NEW_ERROR)
        if visit.chance(0.6):
            return ""
    submitted = {"form_id": "checkout", "form_name": "Checkout", "submission_time": visit.now - visit.opened}
    if visit.chance(0.12):
        visit.act("form_submit", {**submitted, "validation_errors": ["postcode"]})
        visit.wait(5, 25)
    if not visit.chance(0.68 if visit.person.device["device_type"] == "desktop" else 0.56):
        return ""
    visit.act("form_submit", submitted)
    return "thanks"


def thanks(visit: Journey) -> str:
    if not visit.cart:
        return ""
    goods = cart_cents(visit)
    products = [{"product_id": p.slug, "quantity": n, "price": money(p.cents)} for p, n in visit.cart]
    visit.emit(
        "purchase",
        {
            "order_id": visit.tables.order_id(),
            "products": products,
            "revenue": money(goods + (490 if goods < 5000 else 0)),
            "currency": CURRENCY,
            "payment_method": ("card", "paypal", "invoice")[int(visit.rng.random() ** 1.6 * 3)],
        },
    )
    visit.cart = []
    return ""


def pricing(visit: Journey) -> str:
    if visit.person.user or not visit.chance(SIGN_UP[visit.person.variant]):
        return ""
    visit.wait(5, 40)
    visit.act("plan_selected", {"plan": "pro" if visit.chance(0.35) else "free"})
    return "signup"


def signup(visit: Journey) -> str:
    if visit.person.user or not visit.chance(0.74):
        return ""
    visit.wait(10, 60)
    visit.act("form_submit", {"form_id": "signup", "form_name": "Sign up", "submission_time": visit.now - visit.opened})
    if visit.person.known_device:  # who keeps no cookie stays unknown to the next visit
        segment = "pro" if visit.chance(0.3) else "free"
        visit.person.sign_up(segment)
        visit.signed_up = True
        visit.act("sign_up", {"plan": segment})
        return "app"
    visit.act("sign_up", {"plan": "free"})
    return ""


def guide(visit: Journey) -> str:
    if visit.chance(0.34):
        visit.wait(3, 20)
        visit.act("file_download", {"file_name": "brewing-guide.pdf", "file_type": "pdf", "file_size": 1_482_311})
    return ""


def search(visit: Journey) -> str:
    query, results = QUERIES[int(len(QUERIES) * visit.rng.random() ** 2)]
    visit.act("search", {"query_hash": query, "results_count": results})
    if results and visit.chance(0.55):
        visit.wait(2, 12)
        position = 1 + int(min(results, 10) * visit.rng.random() ** 2)
        visit.act("search_result_click", {"query_hash": query, "result_position": position, "result_type": "product"})
        return "product"
    return ""


def app(visit: Journey) -> str:
    endpoint = ENDPOINTS[int(visit.rng.random() * len(ENDPOINTS))]
    if visit.chance(0.3):
        time = round(visit.tables.api(visit.rng))
        visit.emit("api_performance", {"endpoint": endpoint, "response_time": time, "payload_size": 800 + time * 9})
    if visit.chance(0.008):
        visit.emit(
            "api_error",
            {"endpoint": endpoint, "status_code": 503, "error_type": "HTTPError", "error_message": "503 on sync"},
        )
    if visit.chance(0.5):
        visit.wait(4, 45)
        visit.act(FEATURES(visit.rng))
    return ""


ACTIONS: dict[str, Action] = {
    "home": home,
    "article": article,
    "product": product,
    "cart": cart,
    "checkout": checkout,
    "thanks": thanks,
    "pricing": pricing,
    "signup": signup,
    "guide": guide,
    "search": search,
    "app": app,
}
