"""Japanese words of the page, by the English ones."""

REASONS = {
    "kept": "採用",
    "empty": "空の回答",
    "refused": "拒否",
    "truncated": "途中で終了",
    "no parts": "問題・回答の形がない",
    "choices": "選択肢の不備",
    "answer": "正解の不備",
    "explanation": "解説の不備",
    "too short": "短すぎる",
    "not japanese": "日本語でない",
    "copied prompt": "指示文の写し",
    "repetitive": "繰り返し",
    "off topic": "主題から外れる",
    "duplicate": "重複",
    "near duplicate": "ほぼ重複",
    "failed": "失敗",
    "missing": "未依頼",
}
KINDS = {"disease": "疾患", "drug": "医薬品", "article": "記事"}
