"""What the reviews that the model learnt from cannot teach it: the phrases of a chat about food.

Words are parted by spaces. What changes here changes what the model reads: learn it anew with
``python -m tools.sentiment``.
"""

PRAISE = """
好吃 好喝 好香 真香 很香 太香 特别香 喷香 香哭 香迷糊 鲜美 鲜甜 清甜 又甜又糯 软糯 水灵 爽口 入味 下饭
美味 新鲜 爱吃 流口水 好吃到哭 好吃哭 好吃到停不下来 停不下来 抢着吃 抢光 光盘 没剩 再来一碗 没吃够
小时候的味道 妈妈的味道 家的味道 鲜掉眉毛 绝了 绝绝子 yyds 封神 点赞 很赞 太赞 很棒 太棒 真棒 给力 惊喜
惊艳 爱了 爱上 太爱 超爱 喜欢 满意 放心 安心 用心 贴心 耐心 良心 靠谱 划算 超值 值了 值得 幸福 感动 回购
复购 还会买 还买 还要买 安利 种草 推荐 好评 表扬 打脸了 不要太好 不要太香 不要太甜 不要太爽 挺好 刚刚好
太好了 没有不好 没什么不好 没得说 没话说 没有踩雷 没踩雷 不踩雷 不难吃 不腥 不腻 强太多 强多了 好太多
好多了 支持你们 越做越好 越来越好 点个赞 超赞 治愈 可爱 漂亮 好看 很清楚 特别清楚 省心 省事 正宗 地道 很嫩
真嫩 好嫩 很甜 真甜 好甜 很鲜 真鲜 好鲜 很足 酥脆 不柴 紧实 一滴不剩 吃光 添饭 没选错 没买错 买对了 继续买
一直买 学到了 学会了 厉害 优秀
"""
"""What food is praised with, and what is not as bad as it sounds (不要太香, 没有踩雷)."""

REPROACH = """
难吃 难喝 难闻 难以下咽 咽不下 味同嚼蜡 没味道 怪味 异味 腥味 发苦 发臭 臭了 馊 霉了 发霉 烂了 坏了 坏的
蔫 破了 碎了 摔烂 压烂 漏了 有虫 恶心 拉肚子 过期 变质 踩雷 踩坑 避雷 拔草 被坑 坑人 坑爹 智商税 割韭菜
不敢恭维 也就那样 没有你们说的 没你们说的 名不副实 差评 差劲 太差 很差 更差 越来越差 差太远 失望 后悔 无语
气死 生气 心寒 骗人 骗子 忽悠 糊弄 敷衍 不理人 没人理 没人管 没人处理 没人回 没人接 态度差 再也不 不会再
不想再 退群 垃圾 翻车 缩水 不值 白跑 浪费 劝退 别提了 全倒了 全扔了 什么破 什么玩意 什么鬼 搞什么 怎么又
怎么这么 这也叫 这就是你们说的 说好的 嚼不动 咬不动 没法吃 不敢吃 化成水 受潮 潮了 塑料味 酸死 咸死
齁 漏气 胀气 少发 漏发 发错货 寄错 不负责 上当了 真服了 糟糕 糟心 闹心 难看 缺斤少两
"""
"""What is said of food, parcels and people that disappoint, and praise that is none (也就那样)."""

PLEASED = """
👍 💯 🎉 ❤ 💕 😋 🥰 😍 🤤 🥳 👏 😘 🤩 [强] [爱心] [呲牙] [鼓掌] [色] [亲亲] [拥抱] [庆祝] [嘴唇] [耶]
[嘿哈] [666] [哇] [跳跳] [转圈] 感谢 有意思
"""
"""Signs of pleasure; WeChat writes its own emoji in brackets."""

DISPLEASED = """
👎 😡 😠 🤮 🤢 😤 💔 🙄 😒 😫 [弱] [撇嘴] [难过] [发怒] [抓狂] [吐] [鄙视] [白眼] [翻白眼] [心碎] [衰]
[叹气] [苦涩] [委屈] [咒骂] [菜刀] [便便] [失望] [裂开] 可惜 太贵 有点贵 越来越贵 太慢 太小 太少 太咸 太油
太硬 好烦 烦死 退钱 退款 投诉 太老 太柴 太酸 太苦 太干 太腻 太烦 真烦 涨价 没货
"""
"""Signs of displeasure, and what might be better."""

LUKEWARM = """
还行 还可以 一般 一般般 马马虎虎 凑合 将就 中规中矩 不好不坏 普普通通 就那样吧 过得去 说得过去 没什么特别
没啥特别 平平 无功无过 一半一半 有好有坏 好吃是好吃 好是好 不错是不错
"""
"""Neither good nor bad, and that is an answer."""

SILENT = """
哈哈 笑死 收到 没收到 没有收到 好的 谢谢 笑坏了 累坏了 忙坏了 饿坏了 手机坏了 我一般 一般都 一般是 一般在
一般会 一般几 一般早 一般晚 [捂脸] [微笑] [破涕为笑] [流泪] [大哭] [偷笑] [旺柴] [吃瓜] [奸笑] [机智]
[抱拳] [合十] [尴尬] [汗] [玫瑰] [ok] [可怜] [快哭了] [愉快] [好的] 😂 🤣 😭 🙏 😅 😊 😄 😁 🙂 🌹 麻烦
"""
"""What leans to no side in a chat, though the reviews, where it complains or praises, taught that it does."""

DENIALS = """
不 没 没有 不太 不怎么 不是很 不是特别 不够 不算 没那么 没有那么 谈不上 算不上 没觉得 不觉得 不咋 没什么
没啥 没有想象中 没想象中 没有想象中的 没有想象的 没想象的 不会 从没 从来没 毫无 零
"""
"""Before a phrase, they turn it round."""

BITTER = "呵呵 [微笑] 🙂 你们说的 说好的"
"""Praise beside one of these is meant the other way round."""
