"""The style of the report's page: screen and paper, fonts that every machine has."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{--ink:#1c2733;--soft:#5b6876;--rule:#d8dee5;--line:#1f5f99;--band:#cfe0f0;
--good:#1a7340;--bad:#b3261e}
*{box-sizing:border-box}
body{margin:0;background:#f4f6f8;color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:1000px;margin:0 auto;padding:24px 16px 48px}
h1{font-size:26px;margin:0}h2{font-size:19px;margin:0 0 12px}h3{font-size:14px;margin:0}
header p{color:var(--soft);margin:4px 0 16px}
section{background:#fff;border:1px solid var(--rule);border-radius:8px;padding:18px 20px;
margin:0 0 16px}
ul{margin:0;padding-left:20px}li{margin:3px 0}
.cards{display:flex;flex-wrap:wrap;gap:12px}
.card{flex:1 1 140px;border:1px solid var(--rule);border-radius:8px;padding:12px 14px}
.card p{margin:2px 0;color:var(--soft);font-size:13px}
.card .value{font-size:27px;font-weight:650;color:var(--ink);line-height:1.25}
figure{margin:0 0 12px}figcaption{color:var(--soft);font-size:13px}
svg{width:100%;max-width:940px;height:auto;display:block}
svg.spark{width:100px;min-width:100px}svg.spark .line{stroke-width:1.5}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}
.grid{stroke:var(--rule)}.target{stroke:var(--soft);stroke-dasharray:5 4}
.band{fill:var(--band)}.line{fill:none;stroke:var(--line);stroke-width:2}
.dot{fill:var(--line)}.whisker{stroke:var(--line);stroke-width:2}
.dot.good{fill:var(--good)}.whisker.good{stroke:var(--good)}
.dot.bad{fill:var(--bad)}.whisker.bad{stroke:var(--bad)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:6px 10px 6px 0;border-bottom:1px solid var(--rule)}
td{min-width:5.5em}
thead th{color:var(--soft);font-weight:600}tbody th{font-weight:500}
small,.few{color:var(--soft)}small,td span{white-space:nowrap}
span.good{color:var(--good);font-weight:600}span.bad{color:var(--bad);font-weight:600}
span.open{color:var(--soft)}
.tag{border:1px solid currentColor;border-radius:10px;padding:0 8px;white-space:nowrap}
summary{cursor:pointer;color:var(--line);font-size:13.5px}
dl{margin:0 0 10px}dt{font-weight:600;margin-top:6px}dd{margin:0;color:var(--soft)}
@media print{body{background:#fff;font-size:12px}main{max-width:none;padding:0}
section{border:0;padding:0 0 10px;break-inside:avoid-page}
details::details-content{content-visibility:visible}
summary{display:none!important}}
"""
