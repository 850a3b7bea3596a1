"""The sites that visits come from, by name and kind: the data behind source names and GA4's source lists.

A line is `Name: hosts and app packages = values of utm_source and ref`. A host holds its subdomains too unless one of
them has a line of its own. `label.*` is a brand under any public suffix, and `=label.*` the same without subdomains
other than www and m, whose pages are something else (docs.google.com is no search engine).
"""

from typing import NamedTuple


class Known(NamedTuple):
    name: str
    kind: str


SEARCH = """
Google: =google.* images.google.com com.google.android.googlequicksearchbox = google google-ads googleads adwords
Google News: news.google.com com.google.android.apps.magazines = google-news googlenews
Bing: bing.com = bing bing-ads bingads microsoft-ads
DuckDuckGo: duckduckgo.com com.duckduckgo.mobile.android = duckduckgo ddg
Yahoo: =yahoo.* search.yahoo.com = yahoo
Yahoo Japan: yahoo.co.jp search.yahoo.co.jp
Yandex: =yandex.* ya.ru com.yandex.browser = yandex
Baidu: baidu.com = baidu
Ecosia: ecosia.org com.ecosia.android = ecosia
Brave Search: search.brave.com = brave-search
Startpage: startpage.com = startpage
Qwant: qwant.com = qwant
Kagi: kagi.com = kagi
Mojeek: mojeek.com = mojeek
Swisscows: swisscows.com
MetaGer: metager.org metager.de
Naver: search.naver.com naver.com = naver
Daum: search.daum.net daum.net = daum
Seznam: search.seznam.cz seznam.cz = seznam
Sogou: sogou.com = sogou
360 Search: so.com = so.com
Ask: ask.com = ask
AOL: search.aol.com aol.com = aol
Coc Coc: coccoc.com
Presearch: presearch.com
Petal Search: petalsearch.com
Dogpile: dogpile.com
"""
SOCIAL = """
Facebook: facebook.com fb.com fb.me com.facebook.katana com.facebook.lite = facebook fb facebook-ads facebookads meta
Messenger: messenger.com com.facebook.orca = messenger
Instagram: instagram.com com.instagram.android = instagram ig
Threads: threads.net threads.com com.instagram.barcelona = threads
WhatsApp: whatsapp.com wa.me com.whatsapp = whatsapp
X: x.com twitter.com t.co com.twitter.android = x twitter twitter-ads
LinkedIn: linkedin.com lnkd.in com.linkedin.android = linkedin linkedin-ads li
Reddit: reddit.com redd.it com.reddit.frontpage = reddit reddit-ads
Pinterest: pinterest.* pin.it com.pinterest = pinterest
Snapchat: snapchat.com com.snapchat.android = snapchat
Bluesky: bsky.app go.bsky.app xyz.blueskyweb.app = bluesky bsky
Mastodon: mastodon.social mastodon.online mstdn.social fosstodon.org hachyderm.io org.joinmastodon.android = mastodon
Telegram: t.me telegram.org telegram.me web.telegram.org org.telegram.messenger = telegram
Discord: discord.com discord.gg com.discord = discord
Slack: slack.com app.slack.com com.slack = slack
Hacker News: news.ycombinator.com = hackernews hacker-news hn
Lobsters: lobste.rs = lobsters
Product Hunt: producthunt.com = producthunt product-hunt
Quora: quora.com = quora
Tumblr: tumblr.com = tumblr
VK: vk.com vk.ru = vk vkontakte
Odnoklassniki: ok.ru
Weibo: weibo.com weibo.cn = weibo
WeChat: wechat.com weixin.qq.com com.tencent.mm = wechat
Douban: douban.com
Line: line.me jp.naver.line.android = line
Kakao: kakao.com com.kakao.talk = kakao kakaotalk
XING: xing.com = xing
Medium: medium.com = medium
Substack: substack.com = substack
Stack Overflow: stackoverflow.com stackexchange.com = stackoverflow
GitHub: github.com = github
DEV: dev.to
Meetup: meetup.com
Nextdoor: nextdoor.com nextdoor.co.uk nextdoor.de = nextdoor
Lemmy: lemmy.world lemmy.ml
Disqus: disqus.com disq.us
Flipboard: flipboard.com flipboard.app = flipboard
Pocket: getpocket.com = pocket
Microsoft Teams: teams.microsoft.com teams.live.com statics.teams.cdn.office.net com.microsoft.teams = teams
Viber: viber.com com.viber.voip = viber
Tripadvisor: tripadvisor.* = tripadvisor
Yelp: yelp.* = yelp
"""
VIDEO = """
YouTube: youtube.com youtu.be youtube-nocookie.com com.google.android.youtube = youtube yt youtube-ads
TikTok: tiktok.com com.zhiliaoapp.musically com.ss.android.ugc.trill = tiktok tiktok-ads
Vimeo: vimeo.com = vimeo
Twitch: twitch.tv tv.twitch.android.app = twitch
Dailymotion: dailymotion.com dai.ly = dailymotion
Netflix: netflix.com = netflix
Rumble: rumble.com = rumble
Odysee: odysee.com
bilibili: bilibili.com = bilibili
Niconico: nicovideo.jp
Wistia: wistia.com wistia.net
TED: ted.com
Kick: kick.com
"""
SHOPPING = """
Amazon: amazon.* amzn.to a.co com.amazon.mshop.android.shopping = amazon
eBay: ebay.* com.ebay.mobile = ebay
Etsy: etsy.com com.etsy.android = etsy
AliExpress: aliexpress.* = aliexpress
Alibaba: alibaba.com = alibaba
Walmart: walmart.com = walmart
Shopify: shopify.com shop.app = shopify shop.app
Google Shopping: shopping.google.com = google-shopping googleshopping
Mercado Libre: mercadolibre.* mercadolivre.com.br
Rakuten: rakuten.* = rakuten
Temu: temu.com = temu
Idealo: idealo.* = idealo
Otto: otto.de
Zalando: zalando.*
Allegro: allegro.pl
"""
AI = """
ChatGPT: chatgpt.com chat.openai.com com.openai.chatgpt = chatgpt chatgpt.com openai
Claude: claude.ai com.anthropic.claude = claude claude.ai
Gemini: gemini.google.com bard.google.com com.google.android.apps.bard = gemini
Perplexity: perplexity.ai ai.perplexity.app.android = perplexity perplexity.ai
Microsoft Copilot: copilot.microsoft.com copilot.cloud.microsoft m365.cloud.microsoft com.microsoft.copilot = copilot
Grok: grok.com ai.x.grok = grok
DeepSeek: chat.deepseek.com deepseek.com com.deepseek.chat = deepseek
Mistral: chat.mistral.ai = mistral
Meta AI: meta.ai
You.com: you.com = you.com
Poe: poe.com = poe
Phind: phind.com
Kimi: kimi.com kimi.moonshot.cn
Qwen: chat.qwen.ai
Doubao: doubao.com
"""
EMAIL = """
Gmail: mail.google.com com.google.android.gm = gmail
Outlook: outlook.live.com outlook.office.com outlook.office365.com outlook.com com.microsoft.office.outlook = outlook
Yahoo Mail: mail.yahoo.com mail.yahoo.co.jp com.yahoo.mobile.client.android.mail
Proton Mail: mail.proton.me proton.me ch.protonmail.android
iCloud Mail: icloud.com
Fastmail: fastmail.com
GMX: gmx.net gmx.de gmx.com gmx.at gmx.ch
Web.de: web.de
Yandex Mail: mail.yandex.ru mail.yandex.com
Mail.ru: e.mail.ru
Zoho Mail: mail.zoho.com mail.zoho.eu
AOL Mail: mail.aol.com
Orange Mail: webmail.orange.fr messagerie.orange.fr
Thunderbird: net.thunderbird.android = thunderbird
Samsung Email: com.samsung.android.email.provider
Mailchimp: campaign-archive.com list-manage.com mailchi.mp = mailchimp
"""
TABLES = {"search": SEARCH, "social": SOCIAL, "video": VIDEO, "shopping": SHOPPING, "ai": AI, "email": EMAIL}

HOSTS: dict[str, Known] = {}  # exact hosts, app packages, and "label.*" or "=label.*"
ALIASES: dict[str, Known] = {}  # what utm_source and ref say, in lower case
KINDS: dict[str, str] = {}  # by name

for _kind, _table in TABLES.items():
    for _line in _table.strip().splitlines():
        _name, _, _rest = _line.partition(": ")
        _hosts, _, _aliases = _rest.partition(" = ")
        KINDS[_name] = _kind
        HOSTS |= {host: Known(_name, _kind) for host in _hosts.split()}
        ALIASES |= {alias: Known(_name, _kind) for alias in [_name.lower(), *_aliases.split()]}
